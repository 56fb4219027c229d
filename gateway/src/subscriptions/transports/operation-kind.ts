import { getOperationAST, parse } from 'graphql'
import { LRUCache } from 'lru-cache'
import { checkText } from '../../operations/limits/check-text.ts'
import { LIMITS } from '../../operations/limits/limits.ts'
import type { GraphqlRequest } from '../prepared-subscription.ts'

type Kind = 'query' | 'mutation' | 'subscription'
export type OperationKind = (request: GraphqlRequest) => Kind

const KNOWN_MAX = 1_000

/**
 * Finds out whether a request is a query, a mutation or a subscription. A document that cannot be parsed counts as a
 * subscription: preparing it reports the errors and runs nothing.
 */
export function createOperationKind(): OperationKind {
  const known = new LRUCache<string, Kind>({ max: KNOWN_MAX })

  return ({ query, operationName }) => {
    const key = `${operationName ?? ''} ${query}`
    const found = known.get(key)
    if (found !== undefined) return found
    const kind = kindOf(query, operationName)
    known.set(key, kind)
    return kind
  }
}

function kindOf(query: string, operationName: string | null | undefined): Kind {
  try {
    checkText(query)
    const document = parse(query, { noLocation: true, maxTokens: LIMITS.tokens })
    return getOperationAST(document, operationName)?.operation ?? 'subscription'
  } catch {
    return 'subscription'
  }
}
