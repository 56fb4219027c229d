import { defineJob, type Registry } from '../../../decision-service/src/jobs/frame/job-definition.ts'
import { JOBS, type JobData as JobDataOf } from '../../../decision-service/src/jobs/frame/registry.ts'

export const TIERS = ['critical', 'important', 'ephemeral'] as const
export type Tier = (typeof TIERS)[number]

export type JobData = JobDataOf<'analytics-track'>

const COMMON = { Data: JOBS['analytics-track'].Data, addable: true, timeoutMs: 60_000 }

/** One type of job for each tier, with the attempts, waits and retention of its queue. */
export const TYPES = {
  critical: defineJob<JobData>({ ...COMMON, queue: 'money' }),
  important: defineJob<JobData>({ ...COMMON, queue: 'communication' }),
  ephemeral: defineJob<JobData>({ ...COMMON, queue: 'background' }),
} satisfies Registry & Record<Tier, unknown>

export const dataOf = (number: number): JobData => ({
  eventType: 'bench.job',
  userId: `user-${number % 1_000}`,
  timestamp: '2030-01-01T00:00:00.000Z',
  data: { number, note: 'The customer asked for the amount of the second parcel, which never arrived.' },
})
