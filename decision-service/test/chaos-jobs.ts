import { type } from 'arktype'
import { defineJob, type Registry } from '../src/jobs/frame/job-definition.ts'

/** The data of a job of the chaos run: how the provider treats its calls. */
const Data = type({
  '+': 'reject',
  order: 'string > 0',
  /** So many calls fail before one has its effect. */
  failures: 'number.integer >= 0',
  latencyMs: 'number.integer >= 0',
})
export type ChaosData = typeof Data.infer

const Tick = type({ 'tick?': 'string' })
/** One of the types that a schedule may add; here its jobs only say for which tick they are. */
export const TICK_TYPE = 'generate-report'

const COMMON = { Data, timeoutMs: 30_000 }
/** Waits short enough for a run of minutes. */
const retry = { attempts: 6, strategy: 'exponential', delayMs: 500 } as const

/** The types of job of the chaos run: all tiers, with and without a provider. */
export const CHAOS_TYPES = {
  'chaos-charge': defineJob<ChaosData>({ ...COMMON, queue: 'money', retry, provider: 'stripe:charges' }),
  'chaos-settle': defineJob<ChaosData>({ ...COMMON, queue: 'money', retry }),
  'chaos-report': defineJob<ChaosData>({ ...COMMON, queue: 'background', tier: 'CRITICAL', retry }),
  'chaos-mail': defineJob<ChaosData>({ ...COMMON, queue: 'communication', retry, provider: 'sendgrid:transactional' }),
  'chaos-track': defineJob<ChaosData>({ ...COMMON, queue: 'background', retry }),
  [TICK_TYPE]: defineJob<typeof Tick.infer>({
    ...{ Data: Tick, queue: 'background', tier: 'CRITICAL', retry, timeoutMs: 30_000 },
    ofTick: (_, tick) => ({ tick: tick.toISOString() }),
  }),
} satisfies Registry

export type ChaosType = Exclude<keyof typeof CHAOS_TYPES, typeof TICK_TYPE>
export const isCritical = (name: ChaosType): boolean => CHAOS_TYPES[name].tier === 'CRITICAL'
