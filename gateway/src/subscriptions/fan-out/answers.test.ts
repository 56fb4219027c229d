import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ANSWERS_AT_ONCE_MAX } from '../limits.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { PreparedSubscription } from '../prepared-subscription.ts'
import { createAnswers } from './answers.ts'

const silent = pino({ level: 'silent' })
const event = (number: number): StreamEvent => ({
  field: 'decisionMade',
  entryId: `${number}-0`,
  eventId: `job-${number}`,
  cursor: `cursor-${number}`,
  atMs: 0,
  subject: { issueId: 'iss_1' },
  owner: null,
  filters: {},
  fields: { number },
})
const subscription = (answer: PreparedSubscription['answer'], key = 'key'): PreparedSubscription => ({
  field: 'decisionMade',
  args: {},
  key,
  answer,
})

describe('answers', () => {
  it('are computed once for all subscriptions with the same key', async () => {
    let count = 0
    const answers = createAnswers(silent)
    const counting = (key: string) => subscription(async () => `${++count}`, key)

    const texts = await Promise.all([1, 2].map(() => answers.answer(counting('a'), event(1))))
    const later = await answers.answer(counting('a'), event(1))
    const other = await answers.answer(counting('b'), event(1))

    expect([...texts, later, other]).toEqual(['1', '1', '1', '2'])
  })

  it('that fail are errors with the cursor, and are computed again for the next subscription', async () => {
    let isBroken = true
    const answers = createAnswers(silent)
    const sometimes = subscription(async () => {
      if (isBroken) throw new Error('secret')
      return 'fine'
    })

    const failed = JSON.parse(await answers.answer(sometimes, event(1)))
    isBroken = false

    expect(failed.errors[0].extensions).toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
      cursor: 'cursor-1',
      issueId: 'iss_1',
    })
    expect(JSON.stringify(failed)).not.toContain('secret')
    expect(await answers.answer(sometimes, event(1))).toBe('fine')
  })

  it('are computed a limited number at a time', async () => {
    let running = 0
    let most = 0
    const answers = createAnswers(silent)
    const slow = subscription(async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      return ''
    })

    await Promise.all(Array.from({ length: 500 }, (_, number) => answers.answer(slow, event(number))))

    expect(most).toBe(ANSWERS_AT_ONCE_MAX)
  })
})
