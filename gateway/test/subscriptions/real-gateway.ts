import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createKeys, pemOf, signToken, type TokenClaims } from '../keys.ts'
import { METRICS_TOKEN } from '../read-metrics.ts'

export const GATEWAY_PROGRAM = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Nothing listens there: port 1 belongs to nobody. */
const NOWHERE = 'http://127.0.0.1:1'

/** The environment that the gateway's program needs, with its key file in `directory`, and tokens that it accepts. */
export function createGatewayEnvironment(directory: string) {
  const keys = createKeys()
  const JWT_PUBLIC_KEY_PATH = join(directory, 'jwt.pem')
  writeFileSync(JWT_PUBLIC_KEY_PATH, pemOf(keys.jwt.publicKey))
  return {
    environment: {
      PORT: '0',
      LOG_LEVEL: 'warn',
      ISSUES_URL: NOWHERE,
      DECISIONS_URL: NOWHERE,
      AUDIT_URL: NOWHERE,
      INTERNAL_PRIVATE_KEY: keys.internalPrivateKey,
      JWT_PUBLIC_KEY_PATH,
      METRICS_TOKEN,
      ADDRESS_RATE_LIMIT_MAX: '1000000',
      SOCKETS_PER_ADDRESS: '100000',
      RATE_LIMIT_MAX: '1000000',
      // No answer of a subgraph is late, however busy the machine is.
      SUBGRAPH_TIMEOUT_MS: '120000',
      REQUEST_TIMEOUT_MS: '180000',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    },
    internalPublicKey: keys.internalPublicKey,
    signToken: (claims: TokenClaims) => signToken(keys.jwt.privateKey, claims),
  }
}
