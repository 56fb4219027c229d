import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { GATEWAY_PRINCIPAL } from '@redress/shared/access/permissions.ts'

/** Posts an operation to the audit subgraph with an internal token. @throws if it does not answer in time. */
export type PostToAudit = (
  request: Readonly<{ body: string; token: string; timeoutMs: number }>,
) => Promise<Readonly<{ status: number; text: string }>>

/** Runs a query as the gateway itself, and returns the answer. @throws if the audit service does not answer. */
export type AskAudit = (query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>

type Options = Readonly<{
  postToAudit: PostToAudit
  signToken: SignInternalToken
  timeoutMs: number
}>

/**
 * Asks the audit subgraph for what only the gateway may know: the fields are not part of the schema that callers see, and
 * no caller can have their permission.
 */
export function createAskAudit({ postToAudit, signToken, timeoutMs }: Options): AskAudit {
  return async (query, variables) => {
    const token = await signToken(GATEWAY_PRINCIPAL)
    const { status, text } = await postToAudit({ body: JSON.stringify({ query, variables }), token, timeoutMs })
    if (status !== 200) throw new Error(`The audit subgraph answered with status ${status}.`)
    return JSON.parse(text)
  }
}
