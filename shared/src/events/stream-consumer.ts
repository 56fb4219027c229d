import { setTimeout as pause } from 'node:timers/promises'
import type { Db, MongoClient } from 'mongodb'
import type { Logger } from '../process/logger.ts'
import { backoffMs } from '../resilience/backoff.ts'
import { succeedsWithin } from '../resilience/deadline.ts'
import { isTransient } from '../stores/mongo.ts'
import type { Redis } from '../stores/redis.ts'
import { NO_TELEMETRY, type Telemetry } from '../telemetry/telemetry.ts'
import type { RecordEvents } from './dead-letters/dead-letter-alerts.ts'
import type { ListDeadEvents } from './dead-letters/list-dead-events.ts'
import type { DomainEvent, StreamName } from './envelope.ts'
import { withSpans } from './event-spans.ts'
import { createGather, type Gather } from './gather.ts'
import { joinElection, type LeaseTimes } from './leadership.ts'
import { createAfterCommit } from './log/after-commit.ts'
import { openGroup, type Trace } from './log/group.ts'
import { type Apply, createGroupStore, PositionMovedError, prepareGroupStore } from './log/group-store.ts'
import type { Position } from './log/log-entry.ts'
import { reportPosition } from './log/reports.ts'
import { createWaiting, type FailedAttempt, type SetAsideEvent, type WaitingEvent } from './log/set-aside.ts'
import { createHold } from './log/settle.ts'
import { createStreamReader, type StreamReader } from './log/stream-reader.ts'

const GATHER = { leastMs: 20, mostMs: 50 }
const GAP_PAUSE_MS = 100
const PAUSE_MS = 100
/** The waits after rounds that failed. */
const FAILED_WAIT = { firstMs: 200, maxMs: 2_000 }
const STOP_MS = 2_000

export type StreamConsumer = Readonly<{ stop: () => Promise<void> }>

export type ConsumerOptions = Readonly<{
  mongo: MongoClient
  db: Db
  redis: Redis
  streams: readonly StreamName[]
  /** The consumer group: every group gets every event. */
  group: string
  /** Applies events in the transaction that moves the position of the group behind them. */
  apply: Apply
  /** Events that mean nothing here are passed over; all matter where not given. Must not throw. */
  isRelevant?: (event: DomainEvent) => boolean
  /** Runs after a commit. A failure is logged; events are consumed all the same. */
  afterCommit?: (events: readonly DomainEvent[]) => Promise<void>
  /** Makes up for what `afterCommit` did not do: when this process begins to lead, and after a failure. */
  recover?: () => Promise<void>
  /** Stores alerts of the group in a transaction: in the outbox of its service, or its audit log. */
  record?: RecordEvents
  /** Brings dead letters of the group into the list of all services, in the transaction in which they became dead. */
  list?: ListDeadEvents
  /** From one batch to the next: what arrives meanwhile shares one transaction. */
  gather?: Gather
  lease?: LeaseTimes
  telemetry?: Telemetry
  logger: Logger
}>

/**
 * Applies every event of some streams exactly once for a consumer group, in order, on one leader among the processes
 * of the group. An event that cannot be applied holds up nothing but its own entity: it is set aside, tried again with
 * backoff, and becomes a dead letter in the end.
 */
export async function startStreamConsumer(options: ConsumerOptions): Promise<StreamConsumer> {
  const { db, redis, group, lease, logger } = options
  await prepareGroupStore(db)
  const election = joinElection(redis, `consumer:${group}`, logger, lease)
  const rounds = createRounds(options)
  let stopped = false
  const mayLead = () => !stopped && election.isLeader()

  const run = async () => {
    for (let failures = 0; !stopped; ) {
      const onRound = () => {
        failures = 0
      }
      if (!mayLead()) failures = 0
      else {
        await lead(rounds, { mayLead, onRound }).catch((err: unknown) => {
          failures++
          if (!stopped) logger.warn({ err, group }, 'events not applied yet')
        })
      }
      await pause(failures === 0 ? PAUSE_MS : backoffMs(failures, FAILED_WAIT))
    }
  }

  const running = run()
  return {
    async stop() {
      stopped = true
      rounds.close()
      // A batch that waits for a store that is away is given up: the next leader begins at the stored position.
      await succeedsWithin(STOP_MS, running)
      await election.stop()
    },
  }
}

type Leading = Readonly<{ mayLead: () => boolean; onRound: () => void }>

/** Round after round, while this process leads. Rejects as a round does. */
async function lead(
  { openRounds, gather, recover }: ReturnType<typeof createRounds>,
  { mayLead, onRound }: Leading,
): Promise<void> {
  const round = await openRounds()
  while (mayLead()) {
    await recover()
    const outcome = await round()
    onRound()
    if (outcome === 'busy') await pause(gather.waitMs())
    if (outcome === 'gap') await pause(GAP_PAUSE_MS)
  }
}

/** An error of the operating system (no memory, no space, too many files) is no fault of an event. */
const isSystemError = (error: unknown) => error instanceof Error && 'syscall' in error

const ENVIRONMENT = {
  isTransient: (error: unknown) => isTransient(error) || isSystemError(error) || error instanceof PositionMovedError,
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
}

/** The rounds of the group, each time from what is stored, and what follows commits. */
function createRounds(options: ConsumerOptions) {
  const { redis, streams, group, isRelevant = () => true, logger } = options
  const store = createGroupStore({ record: async () => undefined, ...options, ...ENVIRONMENT })
  const { read, ...streamReader } = createStreamReader({ redis, logger })
  const gather = createGather(options.gather ?? GATHER)
  const reader: StreamReader = {
    ...streamReader,
    async read(positions) {
      const deliveries = await read(positions)
      gather.begin()
      gather.add(deliveries.length)
      return deliveries
    },
  }
  const after = createAfterCommit({ ...options, ...ENVIRONMENT })
  const hold = createHold(ENVIRONMENT.monotonicMs)
  const common = { ...ENVIRONMENT, hold, trace: createTrace(options), afterCommit: after.run }
  const hooks = createHooks(options)
  const waiting = createWaiting({ ...store, ...common, ...hooks })
  const report = (stream: StreamName, position: Position) => reportPosition(redis, { stream, group, position })

  return {
    close: reader.close,
    recover: after.recover,
    gather,
    openRounds() {
      after.require()
      return openGroup({ ...common, ...hooks, store, reader, streams, isRelevant, waiting, report })
    },
  }
}

function createTrace({ group, telemetry = NO_TELEMETRY }: ConsumerOptions): Trace {
  return (events, run) =>
    withSpans(
      events.map((event) => ({ event })),
      { group, telemetry },
      (carriers) => run(carriers.map(({ event }) => event)),
    )
}

type Place = Readonly<{ stream: StreamName; sequence: number; event: DomainEvent | null }>

/** Logs what happens to events that cannot be applied. */
function createHooks({ group, logger }: ConsumerOptions) {
  const factsOf = ({ stream, sequence, event }: Place) => ({ group, stream, sequence, eventId: event?.id })
  return {
    onSetAside({ delivery, reason }: SetAsideEvent) {
      logger.error({ ...factsOf(delivery), reason }, 'event set aside')
    },
    onAttempt(waiting: WaitingEvent, failed: FailedAttempt | null) {
      if (failed === null) logger.info(factsOf(waiting), 'event applied that was set aside')
      else if (failed.nextAttemptAt === null) logger.error({ ...factsOf(waiting), ...failed }, 'event is a dead letter')
    },
    onGone(lost: Readonly<{ stream: StreamName; from: number; to: number }>) {
      logger.error({ group, ...lost }, 'events are gone that were not applied')
    },
  }
}
