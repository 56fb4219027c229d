import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '@redress/shared/process/config-error.ts'
import { exportJWK } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const directory = mkdtempSync(join(tmpdir(), 'gateway-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const jwt = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const internal = generateKeyPairSync('ed25519').privateKey
const fileWith = (name: string, content: string | Buffer) => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}
const JWKS = JSON.stringify({ keys: [{ ...(await exportJWK(jwt.publicKey)), kid: 'k1', alg: 'ES256' }] })

const GOOD = {
  ISSUES_URL: 'http://127.0.0.1:4001',
  DECISIONS_URL: 'http://127.0.0.1:4002',
  AUDIT_URL: 'http://127.0.0.1:4003',
  INTERNAL_PRIVATE_KEY: internal.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  JWT_PUBLIC_KEY_PATH: fileWith('jwt.pem', jwt.publicKey.export({ format: 'pem', type: 'spki' })),
}

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const variablesOf = (problems: readonly string[]) => problems.map((problem) => problem.split(' ')[0])

describe('the configuration of the gateway', () => {
  it('needs addresses and keys, and has a default for the rest', () => {
    expect(readConfig(GOOD)).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      proxies: { trust: 0, header: null },
      subgraphTimeoutMs: 5_000,
      subscriptions: { perPrincipalMax: 100, perProcessMax: 10_000 },
      health: { timeoutMs: 2_000 },
      shutdown: { timeoutMs: 30_000 },
      jwt: { issuer: 'redress', audience: 'redress' },
      playground: true,
      playgroundCode: null,
      introspection: true,
    })
  })

  it('names every variable that is wrong, at once, and no value', () => {
    const wrong = {
      ...GOOD,
      PORT: '70000',
      AUDIT_URL: 'not-an-address',
      INTERNAL_PRIVATE_KEY: 'c2VjcmV0',
      JWT_PUBLIC_KEY_PATH: '/nowhere/jwt.pem',
      TRUST_PROXY: 'yes-please',
      PLAYGROUND_CODE: '</script>',
      DECISIONS_URL: '',
    }

    const problems = problemsOf(wrong)

    expect(variablesOf(problems).toSorted()).toEqual([
      'AUDIT_URL',
      'DECISIONS_URL',
      'INTERNAL_PRIVATE_KEY',
      'JWT_PUBLIC_KEY_PATH',
      'PLAYGROUND_CODE',
      'PORT',
      'TRUST_PROXY',
    ])
    expect(problems.join()).not.toMatch(/70000|not-an-address|c2VjcmV0|nowhere|please|script/)
  })

  it('takes a key in PEM or a set of keys', () => {
    expect(problemsOf({ ...GOOD, JWT_PUBLIC_KEY_PATH: fileWith('jwks.json', JWKS) })).toEqual([])
  })

  it.for<[string, string | Buffer]>([
    ['empty.pem', ''],
    ['text.pem', 'hello'],
    ['private.pem', jwt.privateKey.export({ format: 'pem', type: 'pkcs8' })],
    ['no-keys.json', '{"keys":[]}'],
    ['secret.json', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'],
    ['private.json', '{"keys":[{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"c"}]}'],
  ])('refuses %s as the key that tokens are verified with', ([name, content]) => {
    expect(variablesOf(problemsOf({ ...GOOD, JWT_PUBLIC_KEY_PATH: fileWith(name, content) }))).toEqual([
      'JWT_PUBLIC_KEY_PATH',
    ])
  })

  it('in production hides the playground and the schema, unless told otherwise', () => {
    const production = { ...GOOD, NODE_ENV: 'production' }

    expect(readConfig(production)).toMatchObject({
      playground: false,
      introspection: false,
      hosts: { areChecked: false },
    })
    expect(readConfig({ ...production, PLAYGROUND: 'true', INTROSPECTION: 'true' })).toMatchObject({
      playground: true,
      introspection: true,
    })
  })

  it('refuses the link of developers in production', () => {
    expect(
      variablesOf(
        problemsOf({ ...GOOD, NODE_ENV: 'production', PLAYGROUND_CODE: 'abcdefghijklmnopqrstuv', PORT: 'x' }),
      ),
    ).toEqual(['PORT', 'PLAYGROUND_CODE'])
    expect(readConfig({ ...GOOD, PLAYGROUND_CODE: 'abcdefghijklmnopqrstuv' })).toMatchObject({
      playgroundCode: 'abcdefghijklmnopqrstuv',
    })
  })
})
