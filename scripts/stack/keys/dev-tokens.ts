import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'

export const DEV_ROLES = ['admin', 'reviewer', 'operator', 'read_only'] as const
export type DevRole = (typeof DEV_ROLES)[number]
export type DevTokens = Readonly<Record<DevRole, string>>

/** The longest that the gateway accepts. */
const LIFETIME = '8h'

/** One token per role for development on this machine. */
export async function createDevTokens(jwtPrivateKey: string): Promise<DevTokens> {
  const key = createPrivateKey(jwtPrivateKey)
  const sign = async (role: DevRole) => {
    const token = new SignJWT({ roles: [role] })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
      .setSubject(`dev-${role}`)
      .setIssuer('redress')
      .setAudience('redress')
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
    return [role, await token.sign(key)] as const
  }
  return Object.fromEntries(await Promise.all(DEV_ROLES.map(sign))) as DevTokens
}
