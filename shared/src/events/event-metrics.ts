import type { Db } from 'mongodb'
import type { Redis } from '../stores/redis.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createGauges } from '../telemetry/tallies.ts'
import type { StreamName } from './envelope.ts'
import { outboxCollection } from './outbox.ts'

/** Counting stops here: beyond it, the relay is behind by any measure. */
const UNPUBLISHED_MAX = 1_000

/** How many committed events wait for the relay, and for how long. */
export function exposeOutbox(metrics: Metrics, { db, stream }: { db: Db; stream: StreamName }): void {
  const gauges = (name: string, help: string) => createGauges(metrics.registry, { name, help, labels: ['stream'] })
  const waiting = gauges('outbox_unpublished_events', `Events not published yet, counted up to ${UNPUBLISHED_MAX}`)
  const age = gauges('outbox_oldest_unpublished_age_seconds', 'Age of the oldest of them; 0 where there is none')

  metrics.beforeScrape({
    forget() {
      waiting.clear()
      age.clear()
    },
    async read() {
      // The relay's own query, so that it is answered by the relay's index.
      const query = { projection: { at: 1 } } as const
      const found = outboxCollection(db).find({ published: false }, query).sort({ at: 1, _id: 1 })
      const events = await found.limit(UNPUBLISHED_MAX).toArray()
      const [oldest] = events
      waiting(stream).set(events.length)
      age(stream).set(oldest ? Math.max(0, (Date.now() - oldest.at.getTime()) / 1_000) : 0)
    },
  })
}

type Consumer = Readonly<{ redis: Redis; streams: readonly StreamName[]; group: string }>

/** How far a group of consumers is behind its streams. */
export function exposeConsumer(metrics: Metrics, { redis, streams, group }: Consumer): void {
  const gauges = (name: string, help: string) =>
    createGauges(metrics.registry, { name, help, labels: ['stream', 'group'] })
  const lag = gauges('event_consumer_lag_events', 'Events that no consumer of the group has taken (Redis 7 and newer)')
  const pending = gauges('event_consumer_pending_events', 'Events taken and not finished')

  const read = async (stream: StreamName) => {
    const groups = await redis.xInfoGroups(stream)
    const found = groups.find(({ name }) => String(name) === group)
    if (!found) return
    pending(stream, group).set(Number(found.pending))
    // Redis 6 does not count it, nor does any version after entries were deleted.
    if (typeof found.lag === 'number') lag(stream, group).set(found.lag)
  }
  const forget = () => {
    lag.clear()
    pending.clear()
  }
  metrics.beforeScrape({
    forget,
    async read() {
      forget()
      await Promise.all(streams.map(read))
    },
  })
}
