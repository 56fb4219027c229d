import { setTimeout as pause } from 'node:timers/promises'
import type { DevRole } from '../../stack/keys/dev-tokens.ts'
import { callGraphql, GraphqlError } from '../../stack/samples/graphql-client.ts'
import { GATEWAYS, type System } from '../system/system.ts'

const RETRY_MS = 200

/** These say that the request is wrong, which no later attempt can change. */
const FINAL_CODES = [
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'CUSTOMER_NOT_FOUND',
  'TRANSACTION_NOT_FOUND',
  'TRANSACTION_MISMATCH',
  'ISSUE_NOT_FOUND',
  'IDEMPOTENCY_CONFLICT',
  'INVALID_TRANSITION',
  'CONFLICT',
  'ACTION_NOT_ALLOWED',
  'SKILLS_REFUSED',
  'FOUR_EYES_REQUIRED',
  'POLICY_UNCHANGED',
]

export type Ask = <Data>(role: DevRole, query: string, variables?: Readonly<Record<string, unknown>>) => Promise<Data>

export type Caller = Readonly<{
  /** One attempt, at the gateways in turn. @throws GraphqlError */
  ask: Ask
  /** Attempts until it is answered. @throws GraphqlError for a final refusal, or whatever came last when `signal` aborts */
  insist: Ask
  /** Codes of all refusals with their number. */
  refusals: ReadonlyMap<string, number>
}>

/** A client that must not lose anything: it repeats what was not answered. */
export function createCaller(system: System, signal: AbortSignal): Caller {
  const refusals = new Map<string, number>()
  let turn = 0
  const ask: Ask = async (role, query, variables = {}) => {
    const gateway = GATEWAYS[turn++ % GATEWAYS.length]!
    try {
      return await callGraphql(system.endpoint(role, gateway), query, variables)
    } catch (error) {
      for (const code of codesOf(error)) refusals.set(code, (refusals.get(code) ?? 0) + 1)
      throw error
    }
  }
  const insist: Ask = async (role, query, variables) => {
    for (;;) {
      try {
        return await ask(role, query, variables)
      } catch (error) {
        if (isFinalRefusal(error) || signal.aborted) throw error
      }
      await pause(RETRY_MS)
    }
  }
  return { ask, insist, refusals }
}

export const isFinalRefusal = (error: unknown): boolean =>
  error instanceof GraphqlError && error.codes.some((code) => FINAL_CODES.includes(code))

const codesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof GraphqlError)) return ['unknown']
  return error.codes.length > 0 ? error.codes : ['no answer']
}
