import { STREAMS } from '@redress/shared/events/envelope.ts'
import { eventOf } from '@redress/shared/testing/events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { type Entry, readEntry } from '../log/stream-event.ts'
import type { StreamLog } from '../log/stream-log.ts'
import type { StreamTail } from '../log/stream-tail.ts'
import { createCatchUp } from './catch-up.ts'
import { CATCHING_UP, type Subscriber } from './subscriber.ts'

const stream = STREAMS.issues
type Placed = readonly [epoch: string, sequence: number, eventId: string]

function entryOf([epoch, sequence, id]: Placed): Entry {
  const data = { customerId: 'cust_1', from: 'PENDING', to: 'PROCESSING', decisionId: 'dec_1' }
  const entity = { type: 'Issue', id: 'iss_1' }
  const event = eventOf('iss_1', sequence, { id, type: 'issue.status_changed', entity, data })
  return readEntry(stream, { id: `${sequence}-0`, epoch, text: JSON.stringify(event) })
}

/** Catches up while the stream is, read after read, what `pages` say; the last one stays. The tail is at the last entry. */
async function catchUp(cursor: Placed, pages: readonly (readonly Placed[])[]) {
  const delivered: string[] = []
  const [last] = pages.at(-1)!.slice(-1)
  let reads = 0
  const log: Pick<StreamLog, 'readPage' | 'readState'> = {
    async readPage(_, fromId, count) {
      const page = pages[Math.min(reads++, pages.length - 1)]!
      return page
        .filter(([, sequence]) => sequence >= Number.parseInt(fromId, 10))
        .slice(0, count)
        .map(entryOf)
    },
    readState: async () => ({ epoch: pages[Math.min(reads, pages.length) - 1]![0]![0], headId: `${last![1]}-0` }),
  }
  const tail: Pick<StreamTail, 'positionOf' | 'epochOf' | 'sequence'> = {
    positionOf: () => `${last![1]}-0`,
    epochOf: () => last![0],
    sequence: () => 0,
  }
  const prepared = { field: 'issueStatusChanged' }
  const subscriber = {
    group: { prepared, interest: { filters: [], onlyOwnOf: null } },
    sink: { bufferedBytes: () => 0 },
    ...{ cursor: null, fromSequence: CATCHING_UP, readUntil: null, isOpen: true },
  } as unknown as Subscriber
  const run = createCatchUp({
    ...{ log: log as StreamLog, tail: tail as StreamTail, logger: silent },
    answers: { answer: async (_: unknown, { eventId }: { eventId: string }) => eventId } as never,
    deliver: (_, { eventId }) => delivered.push(eventId) > 0,
  })
  const [epoch, sequence, eventId] = cursor
  await run(subscriber, { cursor: { entryId: `${sequence}-0`, eventId, epoch } })
  return delivered
}

describe('a subscriber that returns by cursor', () => {
  const log: readonly Placed[] = [
    ['e2', 3, 'three'],
    ['e2', 4, 'four'],
    ['e2', 5, 'five'],
  ]
  const olderCopy: readonly Placed[] = [
    ['e1', 3, 'three'],
    ['e1', 4, 'lost-four'],
    ['e1', 5, 'lost-five'],
  ]

  it('gets everything after its cursor once, in order', async () => {
    expect(await catchUp(['e2', 3, 'three'], [log])).toEqual(['four', 'five'])
  })

  it('hears nothing of an older copy of Redis that its relay has not replaced yet, and misses nothing', async () => {
    expect(await catchUp(['e1', 3, 'three'], [olderCopy, olderCopy, log])).toEqual(['four', 'five'])
  })

  it('is not refused while Redis is an older copy that has another event at its cursor', async () => {
    expect(await catchUp(['e2', 4, 'four'], [olderCopy, log])).toEqual(['five'])
  })

  it('waits for its entry where the stream is filled again', async () => {
    expect(await catchUp(['e2', 4, 'four'], [log.slice(0, 1), log.slice(0, 2), log])).toEqual(['five'])
  })

  it('has an expired cursor where the log was restored and has another event there', async () => {
    await expect(catchUp(['e1', 4, 'lost-four'], [log])).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' })
  })

  it('has an invalid cursor where the same log has another event there', async () => {
    await expect(catchUp(['e2', 4, 'other'], [log])).rejects.toMatchObject({ code: 'CURSOR_INVALID' })
  })
})
