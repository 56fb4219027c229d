import { median } from '../decide/median.ts'
import type { Neighbours } from '../decide/neighbours.ts'
import { type Load, measureAdding, measureRound, medianOf, type Rates } from './measure.ts'
import { openPlatform, type Platform } from './platform.ts'
import { openRaw } from './raw.ts'
import { dataOf, TIERS, type Tier } from './tiers.ts'

export type Comparison = Readonly<{ tier: Tier; ours: Rates; raw: Rates; addedPerRaw: number; processedPerRaw: number }>

/** Rounds of the platform and of BullMQ alone in turn, for each tier. The first round of each does not count. */
export async function compareTiers(neighbours: Neighbours, { rounds, ...load }: Load & { rounds: number }) {
  const platform = await openPlatform(neighbours, 0)
  const pids = [process.pid, ...neighbours.pids]
  const compared: Comparison[] = []
  for (const tier of TIERS) {
    const raw = await openRaw(`${neighbours.redisUrl}/0`, `raw-${tier}`, await optionsOf(platform, tier))
    const [ours, theirs]: [Rates[], Rates[]] = [[], []]
    for (let round = 0; round <= rounds; round++) {
      theirs.push(await measureRound(raw.contestant, load, pids))
      ours.push(await measureRound(platform.of(tier), load, pids))
    }
    await raw.contestant.clear()
    await raw.close()
    compared.push(toComparison(tier, ours.slice(1), theirs.slice(1)))
  }
  await platform.close()
  return compared
}

/** The options that the platform gives to a job of the tier, but for the id. */
async function optionsOf(platform: Platform, tier: Tier) {
  await platform.of(tier).add(dataOf(0))
  const { jobId: _, ...options } = await platform.optionsIn(tier)
  return options
}

function toComparison(tier: Tier, ourRounds: readonly Rates[], rawRounds: readonly Rates[]): Comparison {
  const ratios = (of: keyof Rates) => median(ourRounds.map((one, round) => one[of] / rawRounds[round]![of]))
  const [ours, raw] = [medianOf(ourRounds), medianOf(rawRounds)]
  return { tier, ours, raw, addedPerRaw: ratios('added'), processedPerRaw: ratios('processed') }
}

export type Depth = Readonly<{ tier: Tier; emptyPerSecond: number; deepPerSecond: number; deepPerEmpty: number }>

/** Adds to a queue in which so many jobs wait, and to an empty one, in turn. */
export async function compareDepths(
  neighbours: Neighbours,
  tier: Tier,
  { rounds, waiting, ...load }: Omit<Load, 'concurrency'> & { rounds: number; waiting: number },
): Promise<Depth> {
  const [deep, empty] = [await openPlatform(neighbours, 1), await openPlatform(neighbours, 2)]
  await deep.fill(tier, waiting)
  const took: { deep: number; empty: number }[] = []
  for (let round = 0; round <= rounds; round++) {
    await empty.of(tier).clear()
    took.push({
      empty: await measureAdding(empty.of(tier), load),
      deep: await measureAdding(deep.of(tier), load),
    })
  }
  await Promise.all([deep.redis.flushDb(), empty.redis.flushDb()])
  await Promise.all([deep.close(), empty.close()])
  const counted = took.slice(1)
  const perSecond = (ms: readonly number[]) => (load.jobs / median(ms)) * 1_000
  return {
    tier,
    emptyPerSecond: perSecond(counted.map((round) => round.empty)),
    deepPerSecond: perSecond(counted.map((round) => round.deep)),
    deepPerEmpty: median(counted.map((round) => round.empty / round.deep)),
  }
}
