import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { GATEWAY_PRINCIPAL } from '@redress/shared/access/permissions.ts'
import type { Pool } from 'undici'

export type AuditSubgraph = Readonly<{ pool: Pick<Pool, 'request'>; graphqlPath: string }>

/** Runs a query as the gateway itself, and returns the answer. @throws if the audit service does not answer. */
export type AskAudit = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>

type Options = Readonly<{
  audit: AuditSubgraph
  signToken: SignInternalToken
  timeoutMs: number
}>

/**
 * Asks the audit subgraph for what only the gateway may know: the fields are not part of the schema that callers see, and
 * no caller can have their permission.
 */
export function createAskAudit({ audit: { pool, graphqlPath }, signToken, timeoutMs }: Options): AskAudit {
  return async (query, variables) => {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: graphqlPath,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${await signToken(GATEWAY_PRINCIPAL)}`,
      },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`The audit subgraph answered with status ${statusCode}.`)
    return JSON.parse(text)
  }
}
