import type { ProviderFigures } from '../../../decision-service/src/jobs/limits/providers.ts'

/**
 * A call is counted when it is granted, and arrives later: on a busy machine, those of some time arrive together. So many
 * seconds' worth of calls more than the burst are no excess.
 */
const ARRIVAL_SLACK_S = 1

export type Metered = Readonly<{
  calls: number
  /** The most calls at once. */
  concurrent: number
  /** The smallest burst that a token bucket of this rate needs to allow all calls as they arrived. */
  burst: number
  /** Whether a limit was exceeded. */
  isExceeded: boolean
}>

/** Measures the calls of a provider: how many there are at once, and the burst that a bucket of its rate needs. */
export function createMeter({ perSecond, concurrent: concurrentMax, burst: burstMax }: ProviderFigures) {
  let [calls, running, concurrent, level, burst, at] = [0, 0, 0, 0, 0, 0]
  return {
    /** A call begins. @returns what ends it. */
    begin(nowMs: number): () => void {
      calls++
      concurrent = Math.max(concurrent, ++running)
      level = Math.max(0, level - ((nowMs - at) / 1000) * perSecond) + 1
      at = nowMs
      burst = Math.max(burst, level)
      return () => void running--
    },
    read(): Metered {
      const isExceeded = concurrent > concurrentMax || burst > burstMax + perSecond * ARRIVAL_SLACK_S
      return { calls, concurrent, burst: Math.ceil(burst), isExceeded }
    },
  }
}
