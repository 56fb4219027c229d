import { AppError } from '@redress/shared/errors.ts'
import { GraphQLError, getOperationAST, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { validateDocument } from '../src/operations/documents/validate-document.ts'
import { checkShape } from '../src/operations/limits/check-shape.ts'
import { checkText } from '../src/operations/limits/check-text.ts'
import { checkVariables } from '../src/operations/limits/check-variables.ts'
import { compileCost } from '../src/operations/limits/compile-cost.ts'
import { createCostModel } from '../src/operations/limits/cost-model.ts'
import { QueryTooCostlyError } from '../src/operations/limits/errors.ts'
import { explainCost } from '../src/operations/limits/explain-cost.ts'
import { LIMITS } from '../src/operations/limits/limits.ts'
import { measureShape } from '../src/operations/limits/measure-shape.ts'
import { PRESETS } from '../src/operations/limits/presets.ts'
import { readClientSchema } from './client-schema.ts'
import { HARMLESS_DOCUMENTS, HOSTILE_DOCUMENTS, type HostileDocument } from './hostile-documents.ts'

const { schema, supergraph } = readClientSchema()
const model = createCostModel(schema, supergraph)
const { costMax, depthMax } = PRESETS.standard

type Sent = Pick<HostileDocument, 'text' | 'variables'>
type Step = 'text' | 'variables' | 'parsing' | 'shape' | 'validation' | 'cost'

/** The dearest step that a document may reach which is refused for this. Only what fits is parsed, and so on. */
const LAST_STEP: Readonly<Record<string, Step>> = {
  bytes: 'text',
  tokens: 'text',
  wordLength: 'text',
  variableNodes: 'variables',
  variableDepth: 'variables',
  // Brackets are counted in the text; what fragments nest together is seen when they are parsed.
  nesting: 'shape',
  aliases: 'shape',
  rootFields: 'shape',
  directives: 'shape',
  fields: 'shape',
  fragments: 'shape',
  selections: 'shape',
  operations: 'shape',
  introspectionDepth: 'shape',
  QUERY_TOO_DEEP: 'shape',
  GRAPHQL_PARSE_FAILED: 'parsing',
  GRAPHQL_VALIDATION_FAILED: 'validation',
  QUERY_TOO_COSTLY: 'cost',
}

/** All checks of a request, from the cheapest to the dearest; `begin` is told of each before it is done. */
function check({ text, variables = {} }: Sent, begin: (step: Step) => void): void {
  begin('text')
  checkText(text)
  begin('variables')
  checkVariables(variables)
  begin('parsing')
  const document = parse(text, { maxTokens: LIMITS.tokens, noLocation: true })
  const operation = getOperationAST(document, null) ?? document.definitions[0]!
  if (operation.kind !== Kind.OPERATION_DEFINITION) throw new Error('The document has no operation.')

  begin('shape')
  checkShape(measureShape(document, operation), { depthMax })
  begin('validation')
  const [error] = validateDocument(schema, document)
  if (error) throw new AggregateError([error])
  begin('cost')
  const cost = compileCost(model, document, operation)(variables)
  if (cost > costMax) {
    throw new QueryTooCostlyError({ limit: costMax, ...explainCost(model, document, operation, variables) })
  }
}

function refusalOf(sent: Sent, begin: (step: Step) => void = () => {}): { code: string; what?: unknown } | null {
  try {
    check(sent, begin)
    return null
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, what: error.facts.what }
    if (error instanceof GraphQLError) return { code: 'GRAPHQL_PARSE_FAILED' }
    if (error instanceof AggregateError) return { code: 'GRAPHQL_VALIDATION_FAILED' }
    throw error
  }
}

describe('a hostile document', () => {
  it.for(HOSTILE_DOCUMENTS)('is refused before it does harm: $name ($code)', ({ code, what, ...sent }) => {
    const steps: Step[] = []

    expect(refusalOf(sent, (step) => steps.push(step))).toEqual({ code, ...(what !== undefined && { what }) })
    const last = LAST_STEP[what ?? code]
    if (what === 'nesting') expect(['text', last]).toContain(steps.at(-1))
    else expect(steps.at(-1)).toBe(last)
  })
})

describe('a harmless document', () => {
  it.for(HARMLESS_DOCUMENTS)('passes: $name', (sent) => {
    expect(refusalOf(sent)).toBeNull()
  })
})
