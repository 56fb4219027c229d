import { silent } from '@redress/shared/testing/stores.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { createRevocations, type Revocations } from './revocations.ts'

const at = new Date('2030-01-01T12:00:00Z')
const REVOKED = [
  { jti: 't1', subject: null, revokedAt: at.toISOString() },
  { jti: null, subject: 'eve', revokedAt: at.toISOString() },
]
const seconds = at.getTime() / 1000

const opened: Revocations[] = []
afterEach(() => {
  for (const { close } of opened.splice(0)) close()
})

type Given = Readonly<{ answers?: readonly (readonly unknown[] | Error)[]; copies?: Map<string, string> }>

/** The list over an audit service that gives these answers, the last one again and again. */
function open({ answers = [REVOKED], copies = new Map() }: Given = {}) {
  const asked: unknown[] = []
  const revocations = createRevocations({
    askAudit: async (_, variables) => {
      asked.push(variables)
      const answer = answers[Math.min(asked.length, answers.length) - 1]!
      if (answer instanceof Error) throw answer
      return { data: { findTokenRevocations: answer } }
    },
    cache: {
      get: async (key: string) => copies.get(key) ?? null,
      set: async (key: string, value: string) => void copies.set(key, value),
    } as never,
    lifetimeMaxMs: 8 * 3_600_000,
    everyMs: 1,
    now: () => at.getTime(),
    logger: silent,
  })
  opened.push(revocations)
  return { ...revocations, asked, copies }
}

describe('the revocations that a gateway knows', () => {
  it('refuse one token by its id, and the tokens that a subject had', async () => {
    const { isRevoked, loaded, asked } = open()
    await loaded

    expect(asked[0]).toEqual({ since: '2030-01-01T04:00:00.000Z' })
    expect(isRevoked({ jti: 't1', sub: 'ada', iat: seconds })).toBe(true)
    expect(isRevoked({ jti: 't2', sub: 'ada', iat: seconds })).toBe(false)
    expect(isRevoked({ sub: 'eve', iat: seconds })).toBe(true)
    expect(isRevoked({ sub: 'eve' })).toBe(true)
    expect(isRevoked({ sub: 'eve', iat: seconds + 1 })).toBe(false)
  })

  it('are read again and again', async () => {
    const { isRevoked } = open({ answers: [[], REVOKED] })

    await expect.poll(() => isRevoked({ jti: 't1' })).toBe(true)
  })

  it('stay in force while the audit service is away', async () => {
    const { isRevoked, asked } = open({ answers: [REVOKED, new Error('away')] })

    await expect.poll(() => asked.length).toBeGreaterThan(2)
    expect(isRevoked({ jti: 't1' })).toBe(true)
  })

  it('are those of the copy in Redis where a gateway starts without the audit service', async () => {
    const { loaded, copies } = open()
    await loaded

    const later = open({ answers: [new Error('away')], copies })
    await later.loaded
    const alone = open({ answers: [new Error('away')] })
    await alone.loaded

    expect(later.isRevoked({ jti: 't1' })).toBe(true)
    expect(alone.isRevoked({ jti: 't1' })).toBe(false)
  })
})
