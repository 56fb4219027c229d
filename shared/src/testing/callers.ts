import { generateKeyPairSync } from 'node:crypto'
import { createInternalTokenSigner, createInternalTokenVerifier } from '../access/internal-token.ts'
import type { Principal, Role } from '../access/permissions.ts'

/** Longer than any test file takes on a busy machine: most sign their tokens once, at the beginning. */
const LIFETIME_SECONDS = 3_600

const newKeys = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    sign: createInternalTokenSigner(
      privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
      LIFETIME_SECONDS,
    ),
    verify: createInternalTokenVerifier(publicKey.export({ format: 'der', type: 'spki' }).toString('base64')),
  }
}
const gateway = newKeys()
const forger = newKeys()

/** The verifier of a subgraph under test. */
export const verifyToken = gateway.verify

export const withRole = (role: Role, customerId: string | null = null): Principal => ({
  id: `a-${role}`,
  roles: [role],
  customerId,
  tenant: 'default',
})
export const tokenOf = (principal: Principal) => gateway.sign(principal)
export const forgedTokenOf = (principal: Principal) => forger.sign(principal)

export type Answer = Readonly<{
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: an answer has the shape that the test asked for.
  data: any
  errors: readonly Readonly<{ message: string; path?: readonly (string | number)[]; extensions: { code: string } }>[]
}>

/** Sends a request to a subgraph as the gateway does. */
export async function ask(
  url: string,
  { query, variables = {}, token }: { query: string; variables?: object; token: string | null },
): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  const { data = null, errors = [] } = await response.json()
  return { status: response.status, data, errors }
}
