import type { GraphQLFormattedError } from 'graphql'
import type { LosesDigits } from '../answers/lost-digits.ts'
import { parseExact } from '../exact-json.ts'
import { isRow } from '../json.ts'
import type { RawAnswer } from './send-request.ts'
import type { SubgraphAnswer } from './subgraph-source.ts'

const NO_ERRORS: SubgraphAnswer['errors'] = []
const GRAPHQL_RESPONSE = /^application\/graphql-response\+json\b/i

/** The subgraph, or a proxy in front of it, answered something that is not GraphQL. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Parses the answer of a subgraph. One in GraphQL's form is an answer whatever its status: many servers send 400, 401 or
 * 500 with errors.
 * @throws UnusableAnswerError, SyntaxError
 */
export function readAnswer({ status, contentType, text }: RawAnswer, losesDigits: LosesDigits): SubgraphAnswer {
  const isUsual = status === 200 || status === 400
  const answer: unknown = isUsual ? JSON.parse(text) : parseOrNull(text)
  if (!isAnswer(answer)) {
    throw new UnusableAnswerError(status, isUsual ? 'Answered no GraphQL.' : `Answered with status ${status}.`)
  }
  if (!isUsual && !GRAPHQL_RESPONSE.test(contentType) && !isOfServer(answer)) {
    throw new UnusableAnswerError(status, `Answered with status ${status}.`)
  }
  const isChanged = answer.errors != null || losesDigits(answer.data!, text)
  const { data = null, errors } = isChanged ? (parseExact(text) as Answered) : answer
  return { data, errors: errors ?? NO_ERRORS, isPlain: !text.includes('\\') }
}

type Answered = Readonly<{ data?: SubgraphAnswer['data']; errors?: SubgraphAnswer['errors'] | null }>

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isAnswer(answer: unknown): answer is Answered {
  if (!isRow(answer)) return false
  const { data = null, errors = null } = answer
  // The specification knows no empty list, but many servers send one with data.
  const hasErrors = errors !== null && !(Array.isArray(errors) && errors.length === 0)
  return hasErrors ? isErrors(errors) && (data === null || isRow(data)) : isRow(data)
}

/** Whether errors with an unusual status are those of a GraphQL server: a proxy, too, may send JSON with a message. */
function isOfServer({ data, errors }: Answered): boolean {
  if (!errors?.length) return false
  return data !== undefined || errors.some(({ path, extensions }) => path || typeof extensions?.code === 'string')
}

function isErrors(errors: unknown): errors is readonly GraphQLFormattedError[] {
  return Array.isArray(errors) && errors.every(isError)
}

function isError(error: unknown): boolean {
  if (!isRow(error) || typeof error.message !== 'string') return false
  const { path, extensions } = error
  return (path === undefined || path === null || Array.isArray(path)) && (extensions == null || isRow(extensions))
}
