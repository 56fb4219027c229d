import { toCanonicalJson } from '@redress/shared/canonical-json.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { type } from 'arktype'
import { FILE_DAYS } from '../files/files.ts'
import { ReportOrder } from '../reports/report-order.ts'
import { defineJob, type JobDefinition } from './job-definition.ts'
import { Moment } from './moment.ts'

export const JOB_TYPES = [
  'decide-issue',
  'backtest-policy',
  'generate-report',
  'export-customer',
  'archive-issues',
  'purge-audit',
  'analytics-track',
  'cleanup-old-data',
] as const
export type JobType = (typeof JOB_TYPES)[number]

const Days = type('1 <= number.integer <= 3650')

/** Every type of job, by its name in its queue, in metrics and in traces. A new one is a row here and a handler. */
export const JOBS = {
  'decide-issue': defineJob({
    queue: 'decisions',
    Data: type({ jobId: 'string > 0', 'trace?': 'string' }),
    keyOf: ({ jobId }) => jobId,
    // Engines have a budget of their own; an attempt that exceeds this hangs. STUCK_AFTER_MS replaces it.
    timeoutMs: 300_000,
    formerNames: ['decide'],
    // Decided in milliseconds, or with all attempts in half a minute. Jobs that wait for a model are overdue as well, and
    // a lost one may be behind thousands of them.
    recovery: { overdueMs: 45_000, batch: 500, batchesMax: 20 },
  }),
  'backtest-policy': defineJob({
    queue: 'background',
    tier: 'CRITICAL',
    Data: type({ backtestId: 'string > 0', 'trace?': 'string' }),
    keyOf: ({ backtestId }) => backtestId,
    // It takes as long as its range of decisions, and reports progress every second.
    timeoutMs: null,
    // The decisions that are made beside it need the processor.
    concurrency: 1,
    retry: { attempts: 3, strategy: 'exponential', delayMs: 2_000 },
    recovery: { overdueMs: 60_000, batch: 100, batchesMax: 1 },
  }),
  'generate-report': defineJob({
    queue: 'background',
    tier: 'CRITICAL',
    Data: ReportOrder,
    ofTick: (data, tick) => (data.period === undefined ? data : { asOf: tick.toISOString(), ...data }),
    addable: true,
    permission: 'report:create:*',
    priority: 3,
    timeoutMs: 10 * MINUTE_MS,
    concurrency: 2,
    // The same time as its file.
    retentionDays: FILE_DAYS,
  }),
  'export-customer': defineJob({
    queue: 'background',
    tier: 'CRITICAL',
    Data: type({ '+': 'reject', customerId: '0 < string <= 100' }),
    timeoutMs: 10 * MINUTE_MS,
    concurrency: 2,
  }),
  'archive-issues': defineJob({
    queue: 'background',
    tier: 'CRITICAL',
    Data: type({ '+': 'reject', olderThanDays: Days, 'purgeAfterDays?': Days }).narrow(
      ({ olderThanDays, purgeAfterDays }, context) =>
        purgeAfterDays === undefined ||
        purgeAfterDays > olderThanDays ||
        context.reject({ path: ['purgeAfterDays'], expected: 'more than olderThanDays' }),
    ),
    priority: 1,
    timeoutMs: MINUTE_MS,
  }),
  'purge-audit': defineJob({
    queue: 'background',
    tier: 'CRITICAL',
    Data: type({ '+': 'reject', olderThanDays: Days }),
    priority: 1,
    timeoutMs: 60 * MINUTE_MS,
    concurrency: 1,
  }),
  'analytics-track': defineJob({
    queue: 'background',
    Data: type({
      '+': 'reject',
      eventType: /^[a-z][a-z0-9_.-]{0,99}$/,
      'userId?': '0 < string <= 200',
      'merchant?': '0 < string <= 200',
      timestamp: Moment,
      data: 'Record<string, unknown>',
    }),
    // As JSON: a merchant or a user may have any character in their names.
    // With its data: two events of one moment that say different things are two.
    keyOf: ({ eventType, merchant = null, userId = null, timestamp, data }) =>
      toCanonicalJson([eventType, merchant, userId, timestamp, data]),
    addable: true,
    priority: 3,
    timeoutMs: MINUTE_MS,
    retentionDays: 7,
  }),
  'cleanup-old-data': defineJob({
    queue: 'background',
    Data: type({ '+': 'reject', dataType: "'jobs' | 'analytics' | 'idempotency_keys'", olderThanDays: Days }),
    priority: 1,
    timeoutMs: 10 * MINUTE_MS,
    concurrency: 1,
  }),
} satisfies Record<JobType, JobDefinition>

export type JobData<T extends JobType> = Exclude<ReturnType<(typeof JOBS)[T]['Data']>, type.errors>
