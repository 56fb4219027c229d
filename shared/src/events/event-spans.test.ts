import { describe, expect, it } from 'vitest'
import type { Work } from '../telemetry/span.ts'
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts'
import { eventOf } from '../testing/events.ts'
import { withSpans } from './event-spans.ts'

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const carrierOf = (number: number, change: object = {}) => ({
  id: `m-${number}`,
  event: eventOf('thing', number, change),
})

/** Telemetry that notes what it is told. */
function open() {
  const began: Work[] = []
  const ended: unknown[] = []
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    startSpan(work) {
      const number = began.push(work)
      return { traceparent: `span-${number}`, note: () => {}, end: (error = 'well') => void ended.push(error) }
    },
  }
  return { began, ended, options: { group: 'audit', telemetry } }
}

describe('applying events', () => {
  it('has a span for each event with a trace, and their effects are a part of it', async () => {
    const { began, ended, options } = open()
    let handed: unknown[] = []

    await withSpans([carrierOf(1, { trace }), carrierOf(2)], options, async (carriers) => {
      handed = carriers.map(({ id, event }) => [id, event.id, event.trace])
    })

    expect(handed).toEqual([
      ['m-1', 'thing-1', 'span-1'],
      ['m-2', 'thing-2', undefined],
    ])
    expect(began).toMatchObject([{ name: 'audit applies thing.changed', kind: 'consumer', parent: trace }])
    expect(ended).toEqual(['well'])
  })

  it('ends its spans with the error, and rethrows it', async () => {
    const { ended, options } = open()
    const away = new Error('away')

    await expect(withSpans([carrierOf(1, { trace })], options, () => Promise.reject(away))).rejects.toBe(away)

    expect(ended).toEqual([away])
  })

  it('passes traces on where it makes none', async () => {
    let handed: unknown
    await withSpans([carrierOf(1, { trace })], { group: 'audit', telemetry: NO_TELEMETRY }, async ([first]) => {
      handed = first?.event.trace
    })

    expect(handed).toBe(trace)
  })
})
