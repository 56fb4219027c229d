/** Makes faults happen to workers, leaders and Redis while jobs are added, and checks every job; see CHAOS_HELP. */
import { setTimeout as pause } from 'node:timers/promises'
import { isCritical } from '../../../decision-service/test/chaos-jobs.ts'
import { Random } from '../../random.ts'
import { printHelpIfAsked } from '../../stack/help.ts'
import { listenForStop } from '../../stack/stop-request.ts'
import { toLine, type Violation, violate } from '../check/violation.ts'
import { findChaosViolations, type Seen } from './check.ts'
import { planFaults } from './faults-plan.ts'
import { injectChaos } from './inject.ts'
import { killLeaders } from './leader-kills.ts'
import { observe } from './observe.ts'
import { CHAOS_HELP, type ChaosOptions, readChaosOptions } from './options.ts'
import { makeOrders } from './orders.ts'
import { createSent, sendOrders } from './send-orders.ts'
import { type ChaosSystem, startChaosSystem } from './system.ts'
import { watchRecovery } from './watch-recovery.ts'

const EXIT_INTERRUPTED = 130
const RECOVERED_WITHIN_S = 30
const [WORKERS, LEADERS] = [3, 2]
const VIOLATIONS_SHOWN = 50
const NOTHING = { violations: 0, figures: null }

const say = (line: string) => process.stdout.write(`${line}\n`)
const progress = (line: string) => process.stderr.write(`  ${line}\n`)

if (!printHelpIfAsked(CHAOS_HELP)) process.exit(await main(listenForStop().first))

async function main(signal: AbortSignal): Promise<number> {
  const options = readChaosOptions(process.argv.slice(2), Date.now())
  const random = new Random(options.seed)
  progress('starting …')
  const system = await startChaosSystem()
  let keep = true
  try {
    const { leaderKills: kills } = options
    const ofJobs = options.jobs === 0 ? NOTHING : report(await runJobs(system, options, random, signal))
    const ofLeaders =
      kills === 0 ? NOTHING : report(await killLeaders(system, { kills, random, say: progress, signal }))
    const violations = ofJobs.violations + ofLeaders.violations
    keep = violations > 0
    if (keep) say(`kept in ${system.directory}`)
    say(JSON.stringify({ chaos: options.seed, violations, jobs: ofJobs.figures, leaders: ofLeaders.figures }))
    return keep ? 1 : 0
  } catch (error) {
    if (!signal.aborted) throw error
    say('interrupted')
    return EXIT_INTERRUPTED
  } finally {
    await system.stop({ keep })
  }
}

/** Prints the violations of one part, and gives its figures. */
function report({ violations, ...figures }: Readonly<{ violations: readonly Violation[] }>) {
  for (const violation of violations.slice(0, VIOLATIONS_SHOWN)) say(toLine(violation))
  progress(JSON.stringify(figures))
  return { violations: violations.length, figures }
}

/** The first part: jobs and faults at the same time, then the checks. */
async function runJobs(
  system: ChaosSystem,
  { jobs, overMs, killEveryMs, settleMs }: ChaosOptions,
  random: Random,
  signal: AbortSignal,
) {
  const orders = makeOrders(random, jobs)
  const workers = await system.start('worker', WORKERS)
  const leaders = await system.start('leader', LEADERS)
  const processes = [...workers, ...leaders]
  const faults = planFaults({ random, overMs, killEveryMs, targets: processes.map(({ name }) => name) })
  progress(`${orders.length} orders, ${faults.length} faults`)
  const sent = createSent()
  const urls = await Promise.all(leaders.map(({ ready }) => ready))
  let isAdding = true
  const sending = sendOrders(orders, { urls, overMs, random, sent, signal }).then(() => {
    isAdding = false
  })
  // Jobs that could not be added are found by the checks.
  sending.catch(() => {})
  await injectChaos(faults, { ...system, processes, say: progress, signal })
  const db = system.mongo.db(system.database)
  const watching = { db, redisUrl: system.redis.url, mostMs: settleMs, isAdding: () => isAdding, say: progress, signal }
  const recovery = await watchRecovery(watching)
  // Jobs that only Redis has may still run; those that were lost with it never do.
  await pause(2_000, null, { signal })
  await Promise.all(processes.map((process) => process.stop('SIGTERM')))
  const { accounts } = system.provider
  const metered = system.provider.metered()
  const seen: Seen = { orders, ...sent, ...(await observe(db)), accounts, metered }
  return {
    violations: [...checkRecovery(recovery.recoveredS), ...findChaosViolations(seen)],
    ...toFigures(seen, recovery),
  }
}

function checkRecovery(recoveredS: number | null): readonly Violation[] {
  if (recoveredS !== null && recoveredS <= RECOVERED_WITHIN_S) return []
  return [violate('slow recovery', 'jobs', `${recoveredS ?? 'never'} s after the last fault`)]
}

type Recovery = Awaited<ReturnType<typeof watchRecovery>>

function toFigures({ orders, accounts, metered, records, alerts }: Seen, { recoveredS, endedS }: Recovery) {
  const jobs = orders.flatMap((order) => order.jobs)
  const withEffect = (isOf: (critical: boolean) => boolean) =>
    jobs.filter(({ type, data }) => isOf(isCritical(type)) && (accounts.get(data.order)?.effects.size ?? 0) > 0).length
  const sum = (of: 'calls' | 'cut') => [...accounts.values()].reduce((total, account) => total + account[of], 0)
  return {
    ...{ added: jobs.length, records: records.length, critical: jobs.filter(({ type }) => isCritical(type)).length },
    criticalEffects: withEffect((critical) => critical),
    // Of those that only Redis has: the others were lost with it, or failed for good.
    otherEffects: withEffect((critical) => !critical),
    ...{ calls: sum('calls'), cut: sum('cut'), alerts: alerts.length, recoveredS, endedS, metered },
  }
}
