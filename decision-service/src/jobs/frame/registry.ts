import { type } from 'arktype'

/** CRITICAL and IMPORTANT: recorded in MongoDB before it is queued. EPHEMERAL: in Redis only. */
export type Tier = 'CRITICAL' | 'IMPORTANT' | 'EPHEMERAL'

type QueueDefinition = Readonly<{
  tier: Tier
  /** The jobs of a worker that died go to another one after `lockMs`; workers look for them every `checkEveryMs`. */
  lease: Readonly<{ lockMs: number; checkEveryMs: number }>
  /** Jobs that one worker runs side by side, unless it is configured. */
  concurrency: number
}>

export const QUEUE_NAMES = ['decisions', 'backtests'] as const
export type QueueName = (typeof QUEUE_NAMES)[number]

/** The queues by their names in Redis, in the API and in metrics. */
export const QUEUES = {
  decisions: { tier: 'CRITICAL', lease: { lockMs: 5_000, checkEveryMs: 2_500 }, concurrency: 200 },
  // One at a time: the decisions that are made beside it need the processor.
  backtests: { tier: 'IMPORTANT', lease: { lockMs: 10_000, checkEveryMs: 5_000 }, concurrency: 1 },
} as const satisfies Record<QueueName, QueueDefinition>

/** Attempts in all, and the longest wait before the second one; it doubles with each further one. */
export type Retry = Readonly<{ attempts: number; delayMs: number }>

/** Everything that is decided about one type of job. */
export type JobDefinition<Data = unknown> = Readonly<{
  queue: QueueName
  /** The payload; a worker checks it before the handler sees it. */
  Data: (data: unknown) => Data | type.errors
  /** The idempotency key: the job's id in its queue, so that adding it twice adds it once. */
  idOf(data: Data): string
  /** After this, an attempt is aborted and has failed. Null: the handler bounds its own time. */
  timeoutMs: number | null
  retry: Retry
  /** Ended jobs that the queue still shows; the record in MongoDB is kept longer. */
  keptEnded: number
  /** Stored jobs that are still open after `overdueMs` are looked up in the queue, `batch` at a time. */
  recovery: Readonly<{ overdueMs: number; batch: number; batchesMax: number }>
}>

export const JOB_TYPES = ['decide', 'backtest'] as const
export type JobType = (typeof JOB_TYPES)[number]

/** Every type of job, by its name in its queue, in metrics and in traces. A new one is a row here and a handler. */
export const JOBS = {
  decide: define({
    queue: 'decisions',
    Data: type({ jobId: 'string > 0', 'trace?': 'string' }),
    idOf: ({ jobId }) => jobId,
    // Engines have a budget of their own; an attempt that exceeds this hangs. STUCK_AFTER_MS replaces it.
    timeoutMs: 300_000,
    retry: { attempts: 5, delayMs: 2_000 },
    keptEnded: 1_000,
    // Decided in milliseconds, or with all attempts in half a minute. Jobs that wait for a model are overdue as well, and
    // a lost one may be behind thousands of them.
    recovery: { overdueMs: 45_000, batch: 500, batchesMax: 20 },
  }),
  backtest: define({
    queue: 'backtests',
    Data: type({ backtestId: 'string > 0', 'trace?': 'string' }),
    idOf: ({ backtestId }) => backtestId,
    // It takes as long as its range of decisions, and reports progress every second.
    timeoutMs: null,
    retry: { attempts: 3, delayMs: 2_000 },
    keptEnded: 100,
    recovery: { overdueMs: 60_000, batch: 100, batchesMax: 1 },
  }),
} satisfies Record<JobType, JobDefinition>

export type JobData<T extends JobType> = Exclude<ReturnType<(typeof JOBS)[T]['Data']>, type.errors>
/** The types of job in a queue. */
export type TypesIn<Q extends QueueName> = { [T in JobType]: (typeof JOBS)[T]['queue'] extends Q ? T : never }[JobType]

function define<Data, const Q extends QueueName>(
  definition: JobDefinition<Data> & Readonly<{ queue: Q }>,
): JobDefinition<Data> & Readonly<{ queue: Q }> {
  return definition
}
