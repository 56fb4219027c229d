import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInternalTokenSigner, createInternalTokenVerifier } from '@redress/shared/access/internal-token.ts'
import { importSPKI, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { createTemporaryDirectory } from '../../testing/temporary-directory.ts'
import { createDevTokens } from './dev-tokens.ts'
import { readOrCreateKeys } from './keys.ts'

describe('the keys of an installation', () => {
  it('are created at the first start and the same at the second', (test) => {
    const directory = createTemporaryDirectory(test)

    const first = readOrCreateKeys(directory, {})

    expect(readOrCreateKeys(directory, {})).toEqual(first)
    expect(first.settings.ENCRYPTION_KEY).toMatch(/^[0-9a-f]{64}$/)
    expect(first.settings.BLIND_INDEX_KEY).toMatch(/^[0-9a-f]{64}$/)
    expect(first.settings.BLIND_INDEX_KEY).not.toBe(first.settings.ENCRYPTION_KEY)
  })

  it('get the key of the blind index where they are older than it, and keep the others', (test) => {
    const directory = createTemporaryDirectory(test)
    const first = readOrCreateKeys(directory, {})
    const file = join(directory, 'keys.json')
    const { blindIndexKey: _, ...older } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    writeFileSync(file, JSON.stringify(older))

    const second = readOrCreateKeys(directory, {})

    expect(second.settings.BLIND_INDEX_KEY).toMatch(/^[0-9a-f]{64}$/)
    expect({ ...second.settings, BLIND_INDEX_KEY: '' }).toEqual({ ...first.settings, BLIND_INDEX_KEY: '' })
    expect(readOrCreateKeys(directory, {})).toEqual(second)
  })

  it('can be read by their owner only', (test) => {
    const directory = createTemporaryDirectory(test)

    readOrCreateKeys(directory, {})

    const modes = ['keys.json', 'jwt-public.pem'].map((file) => statSync(join(directory, file)).mode & 0o777)
    expect(modes).toEqual([0o600, 0o600])
  })

  it('let a subgraph verify tokens of the gateway', async (test) => {
    const { settings } = readOrCreateKeys(createTemporaryDirectory(test), {})
    const ada = { id: 'ada', roles: ['operator'] as const, customerId: null, tenant: 'default' }

    const token = await createInternalTokenSigner(settings.INTERNAL_PRIVATE_KEY)(ada)

    expect(await createInternalTokenVerifier(settings.INTERNAL_PUBLIC_KEY)(token)).toEqual(ada)
  })

  it('are replaced by those of the environment', (test) => {
    const other = readOrCreateKeys(createTemporaryDirectory(test), {})
    const environment = {
      ENCRYPTION_KEY: 'ab'.repeat(32),
      ENCRYPTION_KEY_PREVIOUS: 'ef'.repeat(32),
      DOWNLOAD_KEY: 'cd'.repeat(32),
      BLIND_INDEX_KEY: 'cd'.repeat(32),
      INTERNAL_PRIVATE_KEY: other.settings.INTERNAL_PRIVATE_KEY,
      JWT_PUBLIC_KEY_PATH: '/somewhere/else.pem',
      ANTHROPIC_API_KEY: 'sk-given',
    }

    const { settings, jwtPrivateKey } = readOrCreateKeys(createTemporaryDirectory(test), environment)

    expect(settings).toEqual({ ...environment, INTERNAL_PUBLIC_KEY: other.settings.INTERNAL_PUBLIC_KEY })
    expect(jwtPrivateKey).toBeNull()
  })
})

describe('a development token', () => {
  it.for(['admin', 'reviewer', 'operator', 'read_only'] as const)('of %s verifies, for 8 hours', async (role, test) => {
    const { settings, jwtPrivateKey } = readOrCreateKeys(createTemporaryDirectory(test), {})
    const publicKey = await importSPKI(await readFile(settings.JWT_PUBLIC_KEY_PATH, 'utf8'), 'ES256')

    const tokens = await createDevTokens(jwtPrivateKey!)

    const { payload } = await jwtVerify(tokens[role], publicKey, {
      algorithms: ['ES256'],
      issuer: 'redress',
      audience: 'redress',
    })
    expect(payload).toMatchObject({ sub: `dev-${role}`, roles: [role] })
    expect(payload.exp! - payload.iat!).toBe(8 * 60 * 60)
  })
})
