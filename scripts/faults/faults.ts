/** Makes faults happen to a whole system and checks that nothing was lost, doubled or reordered; see FAULTS_HELP. */
import { printHelpIfAsked } from '../stack/help.ts'
import { listenForStop } from '../stack/stop-request.ts'
import { type Cursors, findCursors } from './load/find-cursors.ts'
import { FAULTS_HELP, type FaultsOptions, readOptions } from './options.ts'
import { keepRun, toReport } from './report.ts'
import { type Outcome, run } from './run.ts'
import { describeFault, type Fault } from './schedule/fault.ts'
import { makeSchedule } from './schedule/schedule.ts'
import { readCpuSeconds } from './system/cpu.ts'
import { type System, startSystem } from './system/system.ts'
import { addRun, createTally, type Tally } from './tally.ts'

/** 128 and the number of SIGINT, as shells say it. */
const EXIT_INTERRUPTED = 130

const say = (line: string) => process.stdout.write(`${line}\n`)
const progress = (line: string) => process.stderr.write(`  ${line}\n`)

const hasMore = ({ runsMax, endsAtMs }: FaultsOptions, { runs }: Tally) => runs < runsMax && Date.now() < endsAtMs

if (!printHelpIfAsked(FAULTS_HELP)) process.exit(await main(listenForStop().first))

async function main(signal: AbortSignal): Promise<number> {
  const beganAtMs = Date.now()
  const tally = createTally()
  const options = readOptions(process.argv.slice(2), beganAtMs)
  try {
    while (hasMore(options, tally) && !signal.aborted) await runOnOneSystem(options, tally, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  const seconds = Math.round((Date.now() - beganAtMs) / 1000)
  say(JSON.stringify({ seed: options.seed, ...tally, seconds }))
  if (signal.aborted) say('interrupted')
  if (tally.violations > 0) return 1
  return signal.aborted ? EXIT_INTERRUPTED : 0
}

/** Some runs one after the other on one system, which takes longer to start than a run: until one of them fails. */
async function runOnOneSystem(options: FaultsOptions, tally: Tally, signal: AbortSignal): Promise<void> {
  const engine = options.engineOf(options.seed + tally.runs)
  progress(`starting a system, engine ${engine} …`)
  const system = await startSystem(engine, signal)
  for (const note of notesOn(system)) progress(note)
  let isClean = true
  try {
    let cursors = await findCursors(system, signal)
    for (let run = 0; run < options.fresh && isClean && hasMore(options, tally); run++) {
      const outcome = await runOnce(system, cursors, { options, tally, signal })
      isClean = outcome.violations.length === 0
      cursors = outcome.cursors
    }
  } finally {
    await system.stop({ keep: !isClean })
  }
}

function notesOn({ disk, clocks, model }: System): readonly string[] {
  return [
    ...(disk === null ? ['disk-full does nothing: only root can mount a small disk'] : []),
    ...(clocks === null ? ['clock does nothing: libfaketime is not installed (apt-get install faketime)'] : []),
    ...(model === null ? ['model does nothing: rules decide'] : []),
  ]
}

type Place = Readonly<{ options: FaultsOptions; tally: Tally; signal: AbortSignal }>

async function runOnce(system: System, cursors: Cursors, { options, tally, signal }: Place): Promise<Outcome> {
  const schedule = makeSchedule({ ...options, seed: options.seed + tally.runs })
  const beganAt = performance.now()
  const cpuBefore = readCpuSeconds(system)
  const onFault = (fault: Fault) => progress(describeFault(fault))
  const { settleMs } = options
  const outcome = await run(system, schedule, { cursors, settleMs, onFault, say: progress, signal })
  const cpuAfter = readCpuSeconds(system)
  const use = {
    engine: system.engine,
    seconds: (performance.now() - beganAt) / 1000,
    cpuSeconds: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
  }
  say(toReport(schedule, outcome, use))
  addRun(tally, schedule, outcome)
  if (outcome.violations.length > 0) {
    tally.kept.push(keepRun(system.directory, schedule, outcome))
    say(`    kept in ${tally.kept.at(-1)}`)
  }
  return outcome
}
