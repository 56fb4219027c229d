import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const LOGGER = new URL('logger.ts', import.meta.url).href

/** The output of a process that logs `fields`. */
const written = (fields: object) =>
  execFileSync(process.execPath, [
    '--input-type=module',
    '-e',
    `import { createLogger } from ${JSON.stringify(LOGGER)}
     createLogger('test', { level: 'info' }).info(${JSON.stringify(fields)}, 'said')`,
  ]).toString()

describe('a log line', () => {
  it('is JSON with the service, the sentence and the fields', () => {
    expect(JSON.parse(written({ issueId: 'iss_1' }))).toMatchObject({ service: 'test', msg: 'said', issueId: 'iss_1' })
  })

  it('never holds a secret or personal data, on any of three levels', () => {
    const secrets = { email: 'ada@example.org', token: 'T0KEN', password: 'hunter2', authorization: 'Bearer abc' }

    const line = written({ ...secrets, request: { ...secrets, headers: secrets } })

    expect(line).not.toMatch(/ada@example|T0KEN|hunter2|Bearer/)
    expect(JSON.parse(line)).toMatchObject({ email: '[redacted]', request: { headers: { token: '[redacted]' } } })
  })
})
