/** Makes faults happen to a whole system and checks that nothing was lost, doubled or reordered; see FAULTS_HELP. */
import { printHelpIfAsked } from '../stack/help.ts'
import { listenForStop } from '../stack/stop-request.ts'
import { FAULTS_HELP, type FaultsOptions, readOptions } from './options.ts'
import { keepRun, toReport } from './report.ts'
import { type Outcome, run } from './run.ts'
import { describeFault } from './schedule/fault.ts'
import { makeSchedule } from './schedule/schedule.ts'
import { type System, startSystem } from './system/system.ts'

type Tally = { runs: number; issues: number; faults: number; violations: number; failedSeeds: number[]; kept: string[] }

const say = (line: string) => process.stdout.write(`${line}\n`)
const progress = (line: string) => process.stderr.write(`  ${line}\n`)

const hasMore = ({ runsMax, endsAtMs }: FaultsOptions, { runs }: Tally) => runs < runsMax && Date.now() < endsAtMs

if (!printHelpIfAsked(FAULTS_HELP)) process.exit(await main(listenForStop().first))

async function main(signal: AbortSignal): Promise<number> {
  const beganAtMs = Date.now()
  const tally: Tally = { runs: 0, issues: 0, faults: 0, violations: 0, failedSeeds: [], kept: [] }
  const options = readOptions(process.argv.slice(2), beganAtMs)
  try {
    while (hasMore(options, tally) && !signal.aborted) await runOnOneSystem(options, tally, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    say('interrupted')
  }
  const seconds = Math.round((Date.now() - beganAtMs) / 1000)
  say(JSON.stringify({ seed: options.seed, ...tally, seconds }))
  return tally.violations > 0 ? 1 : 0
}

/** Some runs one after the other on one system, which takes longer to start than a run: until one of them fails. */
async function runOnOneSystem(options: FaultsOptions, tally: Tally, signal: AbortSignal): Promise<void> {
  progress('starting a system …')
  const system = await startSystem(signal)
  let isClean = true
  try {
    for (let run = 0; run < options.fresh && isClean && hasMore(options, tally); run++) {
      isClean = await runOnce(system, options, tally, signal)
    }
  } finally {
    await system.stop({ keep: !isClean })
  }
}

async function runOnce(system: System, options: FaultsOptions, tally: Tally, signal: AbortSignal): Promise<boolean> {
  const schedule = makeSchedule({ ...options, seed: options.seed + tally.runs })
  const beganAt = performance.now()
  const onFault = (fault: (typeof schedule.faults)[number]) => progress(describeFault(fault))
  const outcome: Outcome = await run(system, schedule, { settleMs: options.settleMs, onFault, say: progress, signal })
  say(toReport(schedule, outcome, (performance.now() - beganAt) / 1000))
  const isClean = outcome.violations.length === 0
  tally.runs++
  tally.issues += outcome.issues
  tally.faults += schedule.faults.length
  tally.violations += outcome.violations.length
  if (!isClean) {
    tally.failedSeeds.push(schedule.seed)
    tally.kept.push(keepRun(system.directory, schedule, outcome))
    say(`    kept in ${tally.kept.at(-1)}`)
  }
  return isClean
}
