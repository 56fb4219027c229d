import { CONSUMER_GROUPS, PUBLISHED_STREAMS } from '@redress/shared/events/envelope.ts'
import { exposeConsumer } from '@redress/shared/events/event-metrics.ts'
import { joinElection } from '@redress/shared/events/leadership.ts'
import {
  type ConsumerOptions,
  type StreamConsumer,
  startStreamConsumer,
} from '@redress/shared/events/stream-consumer.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'
import type { ClientSession } from 'mongodb'
import type { ChainWriter } from '../use-cases/ports.ts'
import { recordEvents } from '../use-cases/record-events.ts'

/** Nobody waits for the record to the millisecond; larger batches make it cheaper for everybody. */
const GATHER_MS = 100

type Options = Pick<ConsumerOptions, 'mongo' | 'db' | 'redis' | 'telemetry' | 'logger'> &
  Readonly<{ chainIn: (session: ClientSession) => ChainWriter; metrics?: Metrics }>

const GROUP = CONSUMER_GROUPS.audit

/**
 * Puts the events of all services on record. One consumer reads all streams, and only on the leader: the chain is one
 * sequence, and a second writer would only make the first begin again.
 */
export async function startEventsIn({ chainIn, metrics, ...stores }: Options): Promise<StreamConsumer> {
  await using opened = new AsyncDisposableStack()
  const election = joinElection(stores.redis, 'audit', stores.logger)
  opened.defer(() => election.stop())

  const consumer = await startStreamConsumer({
    ...stores,
    streams: PUBLISHED_STREAMS,
    group: GROUP,
    apply: (events, session) => recordEvents(events, chainIn(session)),
    gatherMs: GATHER_MS,
    isLeader: election.isLeader,
  })
  opened.defer(() => consumer.stop())
  if (metrics) exposeConsumer(metrics, { redis: stores.redis, streams: PUBLISHED_STREAMS, group: GROUP })

  const kept = opened.move()
  return { stop: () => kept.disposeAsync() }
}
