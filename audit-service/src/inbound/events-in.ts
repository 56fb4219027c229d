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

/** Larger batches are cheaper, and the audit log may be behind by a moment. */
const GATHER_MS = 100

type Options = Pick<ConsumerOptions, 'mongo' | 'db' | 'redis' | 'telemetry' | 'logger'> &
  Readonly<{ chainIn: (session: ClientSession) => ChainWriter; metrics?: Metrics }>

const GROUP = CONSUMER_GROUPS.audit

/**
 * Records the events of all services. One consumer reads all streams, and only on the leader: the chain is one sequence,
 * and two writers would only conflict.
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
