import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const LOGGER = new URL('logger.ts', import.meta.url).href

/** The lines of a process that runs `statements` with a logger. */
function linesOf(statements: string): readonly string[] {
  const program = `
    import { createLogger } from ${JSON.stringify(LOGGER)}
    const logger = createLogger('test', { level: 'info' })
    ${statements}`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString()
  return output.trim().split('\n')
}

const PERSONAL = /ada@|example\.org|T0KEN|hunter2|4111|1111|DE89|3704|eyJ|rdk_/

const [fields, deep, byValue, driver, thrown, circular] = linesOf(`
  logger.info({ issueId: 'iss_1', count: 3n, none: null }, 'said')

  const secrets = { email: 'ada@example.org', token: 'T0KEN', password: 'hunter2', authorization: 'Bearer T0KEN' }
  const headers = { Authorization: 'Bearer T0KEN', 'X-API-Key': 'rdk_0123_abc', 'set-cookie': ['a=T0KEN'] }
  logger.info({ ...secrets, one: { two: [{ three: { ...secrets, four: { headers } } }] } }, 'said')

  logger.info(
    {
      requestId: '41111111-1111-4111-8111-111111111111',
      url: 'mongodb://root:hunter2@db.internal:27017/redress',
      said: 'card 4111 - 1111 - 1111 - 1111 of ada@example.org, DE89 3704 0044 0532 0130 00',
      token_: undefined,
      list: ['Bearer T0KEN.T0KEN', { note: 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln' }],
      address: '192.168.100.200:27017',
    },
    'of %s: rdk_0123456789abcdef0123_secret, 4111111111111111', 'ada@example.org',
  )

  const duplicate = Object.assign(new Error('E11000 dup key: { email: "ada@example.org" }'), {
    code: 11000,
    keyValue: { email: 'ada@example.org', card: '4111111111111111' },
    errorResponse: { op: { q: [{ u: { $set: { card: ['4111 1111 1111 1111'] } } }] } },
    cause: new Error('redis://:hunter2@cache:6379 is away'),
  })
  logger.error({ err: duplicate }, 'not stored')
  logger.error(new RangeError('no customer ada@example.org'))

  const node = { name_: 'x' }
  node.self = node
  logger.info({ node, map: new Map([['a', 'ada@example.org']]), at: new Date(0), bytes: Buffer.from('T0KEN') }, 'odd')
`)

describe('a log line', () => {
  it('is JSON with the service, the sentence and the fields', () => {
    expect(JSON.parse(fields!)).toMatchObject({
      service: 'test',
      msg: 'said',
      issueId: 'iss_1',
      count: '3',
      none: null,
    })
  })

  it('holds nothing under the key of a secret, on any level and in any spelling', () => {
    expect(deep).not.toMatch(PERSONAL)
    expect(JSON.parse(deep!)).toMatchObject({
      email: '[redacted]',
      one: { two: [{ three: { token: '[redacted]', four: { headers: { Authorization: '[redacted]' } } } }] },
    })
  })

  it('holds no secret and nothing personal in a value or its message', () => {
    const { requestId, msg, url, said, address } = JSON.parse(byValue!)

    expect(byValue!.replace(requestId, '')).not.toMatch(PERSONAL)
    expect(requestId).toBe('41111111-1111-4111-8111-111111111111')
    expect(msg).toBe('of [email]: [redacted], [card]')
    expect(url).toBe('mongodb://[redacted]@db.internal:27017/redress')
    expect(said).toBe('card [card] of [email], [iban]')
    expect(address).toBe('192.168.100.200:27017')
  })

  it('holds nothing of the values in an error of a driver, and its type, code and stack', () => {
    const { err } = JSON.parse(driver!)

    expect(driver).not.toMatch(PERSONAL)
    expect(err).toMatchObject({ type: 'Error', code: 11000, message: expect.stringContaining('E11000 dup key') })
    expect(err.stack).toContain('    at ')
  })

  it('has the message of an error that is all there is', () => {
    expect(JSON.parse(thrown!)).toMatchObject({ msg: 'no customer [email]', err: { type: 'RangeError' } })
  })

  it('is finite, whatever it is given', () => {
    expect(circular).not.toMatch(PERSONAL)
    expect(JSON.parse(circular!)).toMatchObject({
      map: { a: '[email]' },
      at: '1970-01-01T00:00:00.000Z',
      bytes: '[5 bytes]',
    })
  })
})
