import { generateKeyPairSync } from 'node:crypto'
import { createInternalTokenSigner } from '@redress/shared/access/internal-token.ts'
import type { Principal } from '@redress/shared/access/permissions.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const sign = createInternalTokenSigner(privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'))

/** The public key of the gateway. */
export const INTERNAL_PUBLIC_KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')

export type Answer = Readonly<{
  status: number
  data?: Readonly<Record<string, unknown>> | null
  errors?: readonly Readonly<{ extensions: { code: string }; path?: readonly unknown[] }>[]
}>

/** Sends a request as the gateway does for a caller with `role`; with null, without an internal token. */
export async function ask(
  url: string,
  role: Principal['roles'][number] | null,
  query: string,
  variables: object = {},
): Promise<Answer> {
  const token = role && (await sign({ id: 'ada', roles: [role], customerId: null, tenant: 'default' }))
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
}

export const codesOf = ({ errors = [] }: Answer): string[] => errors.map(({ extensions }) => extensions.code)
