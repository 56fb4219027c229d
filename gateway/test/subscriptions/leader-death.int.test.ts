import { type DomainEvent, STREAMS } from '@redress/shared/events/envelope.ts'
import { createEventLog, prepareEventLog } from '@redress/shared/events/log/event-log.ts'
import { createEventStream, type EventStream } from '@redress/shared/events/log/event-stream.ts'
import { createPublisher } from '@redress/shared/events/log/publisher.ts'
import { createOutbox, prepareOutbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { follow, MOVES } from './live-client.ts'
import { issueMoved } from './published.ts'
import { openTestBed, until } from './test-gateway.ts'

const { redis, startGateway, clientOf, untilLive } = await openTestBed(21)
const { mongo, db } = await openTestDatabase()
await prepareOutbox(db)
await prepareEventLog(db)
const outbox = createOutbox(db, () => {})
const log = createEventLog({ mongo, db })
const stream = createEventStream(redis, STREAMS.issues)

const commit = (events: readonly DomainEvent[]) => inTransaction(mongo, (session) => outbox.add(events, session))

type Death = 'before it publishes' | 'after it has published'

/** A leader of the relay, which publishes until it is killed. */
function openLeader() {
  let death: Death | null = null
  const append: EventStream['append'] = async (end, epoch, entries) => {
    const isDeadly = death !== null && entries.length > 0
    if (isDeadly && death === 'before it publishes') throw new Error('killed')
    const appended = await stream.append(end, epoch, entries)
    if (isDeadly) throw new Error('killed')
    return appended
  }
  const publisher = createPublisher({
    log,
    stream: { ...stream, append },
    findRestart: async () => 1,
    onRebuild: () => {},
  })
  return {
    publish: publisher.publish,
    async dieIn(moment: Death) {
      death = moment
      await expect(publisher.publish()).rejects.toThrow('killed')
    },
  }
}

it.for<Death>(['before it publishes', 'after it has published'])(
  'each subscriber hears each event once where leaders die %s',
  async (moment) => {
    await openLeader().publish()
    const gateway = await startGateway()
    const steady = follow(clientOf(gateway))
    await untilLive(gateway, 1)
    const heard: string[] = []
    const beganAt = Date.now()
    let [number, cursor] = [0, new Date(beganAt).toISOString()]
    // Each a moment of its own, by which the outbox orders what was committed apart.
    const next = () =>
      issueMoved({ id: `iss_${moment.length}_${++number}`, at: new Date(beganAt + number).toISOString() })

    for (let round = 0; round < 5; round++) {
      const leader = openLeader()
      // The first leader of a round goes on from the stream as it finds it, and then from what it has noted.
      await commit([next(), next()])
      await leader.publish()
      await commit([next(), next(), next()])
      await leader.dieIn(moment)
      await commit([next()])
      await openLeader().publish()

      // A subscriber that was away meanwhile.
      const back = follow(clientOf(gateway), MOVES, { after: cursor })
      await until(() => heard.length + back.received.length).toBe(number)
      heard.push(...back.moves())
      cursor = back.received.at(-1).issueStatusChanged.cursor
      back.stop()
    }

    const all = Array.from({ length: number }, (_, index) => `iss_${moment.length}_${index + 1} PROCESSING`)
    await until(() => steady.received.length).toBe(number)
    expect([steady.moves(), heard]).toEqual([all, all])
    expect(steady.state.ended).toBeNull()
  },
)
