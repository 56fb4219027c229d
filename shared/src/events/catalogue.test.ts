import { describe, expect, it } from 'vitest'
import { eventOf } from '../testing/events.ts'
import { EVENTS, newEvent, readEvent, UnreadableEventError } from './catalogue.ts'
import { parseEvent } from './envelope.ts'

const cause = { actor: 'ada', requestId: 'req-1', ip: null, tenant: 'default' }
const started = {
  id: 'dec_1-started',
  at: new Date('2030-01-01T00:00:00Z'),
  cause,
  entity: { type: 'Decision', id: 'dec_1' },
  data: { issueId: 'iss_1' },
} as const

describe('a new event', () => {
  it('has its fields in one order, so that its text is always the same', () => {
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

    expect(JSON.stringify(newEvent('decision.started', { ...started, cause: { ...cause, trace } }))).toBe(
      `{"id":"dec_1-started","type":"decision.started","at":"2030-01-01T00:00:00.000Z","actor":"ada","requestId":"req-1",` +
        `"ip":null,"tenant":"default","trace":"${trace}","entity":{"type":"Decision","id":"dec_1"},"changes":{},"data":{"issueId":"iss_1"}}`,
    )
  })

  it('is read back', () => {
    const event = newEvent('decision.started', started)

    expect(readEvent(['decision.started'], event)).toEqual(event)
  })
})

describe('reading an event', () => {
  it('gives the default tenant where the event is older than tenants', () => {
    const { tenant: _, ...old } = newEvent('decision.started', started)

    expect(parseEvent(JSON.stringify(old))).toEqual({ ...old, tenant: 'default' })
    expect(parseEvent(JSON.stringify({ ...old, tenant: 'acme' }))).toEqual({ ...old, tenant: 'acme' })
  })

  it('gives null for a type that is not asked for, and for one that is not known', () => {
    expect(readEvent(['decision.made'], newEvent('decision.started', started))).toBeNull()
    expect(readEvent(['decision.made'], eventOf('thing', 1))).toBeNull()
  })

  it('gives an error, and throws none, where the data does not fit the type', () => {
    const event = eventOf('dec_1', 1, { type: 'decision.started', data: { issueId: 7 } })

    expect(readEvent(['decision.started'], event)).toBeInstanceOf(UnreadableEventError)
  })
})

it('the type of an event begins with its subject', () => {
  for (const type of Object.keys(EVENTS)) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/)
})
