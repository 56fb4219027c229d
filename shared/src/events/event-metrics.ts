import type { Db } from 'mongodb'
import type { Redis } from '../stores/redis.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createGauges } from '../telemetry/tallies.ts'
import { deadEventCollection } from './dead-letters/dead-events.ts'
import type { StreamName } from './envelope.ts'
import { toSequence } from './log/event-stream.ts'
import { loadPositions } from './log/group-store.ts'
import { outboxCollection, READ_MAX, readUnpublished } from './outbox.ts'

/** Counting stops here: whether a thousand or ten thousand wait, someone has to look. */
const COUNTED_MAX = 1_000

/** How many committed events wait for the relay, and for how long. */
export function exposeOutbox(metrics: Metrics, { db, stream }: { db: Db; stream: StreamName }): void {
  const gauges = (name: string, help: string) => createGauges(metrics.registry, { name, help, labels: ['stream'] })
  const waiting = gauges(
    'outbox_unpublished_events',
    `Events not published yet, counted in the oldest ${READ_MAX} documents of the outbox`,
  )
  const age = gauges('outbox_oldest_unpublished_age_seconds', 'Age of the oldest of them; 0 where there is none')

  metrics.beforeScrape({
    forget() {
      waiting.clear()
      age.clear()
    },
    async read() {
      const documents = await readUnpublished(outboxCollection(db))
      const [oldest] = documents
      const events = documents.reduce((count, { events }) => count + events.length, 0)
      waiting(stream).set(events)
      age(stream).set(oldest ? Math.max(0, (Date.now() - oldest.at.getTime()) / 1_000) : 0)
    },
  })
}

type Consumer = Readonly<{ db: Db; redis: Redis; streams: readonly StreamName[]; group: string }>

/** How far a consumer group is behind its streams, and how many events it could not apply. */
export function exposeConsumer(metrics: Metrics, { db, redis, streams, group }: Consumer): void {
  const gauges = (name: string, help: string) =>
    createGauges(metrics.registry, { name, help, labels: ['stream', 'group'] })
  const lag = gauges('event_consumer_lag_events', 'Published events that the group has not applied')
  const pending = gauges('event_consumer_pending_events', 'Events that failed and are tried again')
  const dead = gauges('event_consumer_dead_letters', `Events that are not tried again, counted up to ${COUNTED_MAX}`)
  const events = deadEventCollection(db)

  const readDead = async (stream: StreamName) => {
    const found = await events
      .find({ group, stream }, { projection: { nextAttemptAt: 1 } })
      .limit(COUNTED_MAX)
      .toArray()
    const deadLetters = found.filter(({ nextAttemptAt }) => nextAttemptAt === null).length
    pending(stream, group).set(found.length - deadLetters)
    dead(stream, group).set(deadLetters)
  }
  const readLag = async (stream: StreamName, sequence: number) => {
    const [last] = (await redis.xRevRange(stream, '+', '-', { COUNT: 1 })) ?? []
    if (last !== undefined) lag(stream, group).set(Math.max(0, toSequence(last.id) - sequence))
  }
  const read = async () => {
    // Dead letters first: they are known without Redis too, as after a restart.
    for (const stream of streams) await readDead(stream)
    for (const [stream, { sequence }] of await loadPositions(db, group, streams)) await readLag(stream, sequence)
  }
  const forget = () => {
    for (const gauge of [lag, pending, dead]) gauge.clear()
  }
  metrics.beforeScrape({
    forget,
    async read() {
      forget()
      await read()
    },
  })
}
