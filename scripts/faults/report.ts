import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toLine } from './check/violation.ts'
import type { Outcome } from './run.ts'
import { describeFault } from './schedule/fault.ts'
import type { Schedule } from './schedule/schedule.ts'

const SHOWN = 5

/** The use of a run: seconds from its begin to its end, and of CPU, null where that cannot be known. */
export type Use = Readonly<{ engine: string; seconds: number; cpuSeconds: number | null }>

/** One line about a run, and one for each of its first violations. */
export function toReport({ seed, faults }: Schedule, outcome: Outcome, { engine, seconds, cpuSeconds }: Use): string {
  const { violations, issues, settledS, observation } = outcome
  const refusals = Object.entries(outcome.refusals).map(([code, count]) => `${count} ${code}`)
  const head = [
    `seed ${seed}`,
    `engine ${engine}`,
    `${issues} issues`,
    decidersOf(observation),
    `${violations.length} violations`,
    `${seconds.toFixed(0)} s (settled in ${settledS.toFixed(0)})`,
    ...(cpuSeconds === null ? [] : [`${cpuSeconds.toFixed(1)} CPU s`]),
    faults.map(describeFault).join(', '),
    refusals.length > 0 ? `refused: ${refusals.join(', ')}` : 'none refused',
  ]
  return [head.join(' · '), ...violations.slice(0, SHOWN).map((one) => `    ${toLine(one)}`)].join('\n')
}

/** The number of decisions by engine, and of issues that had failed before: `decided by RULES 40, after a failure 2`. */
function decidersOf(observation: Outcome['observation']): string {
  const { issues = [] } = observation ?? {}
  const byEngine = Object.groupBy(
    issues.flatMap(({ decisions }) => decisions),
    ({ engine }) => engine,
  )
  const counts = Object.entries(byEngine).map(([engine, decisions]) => `${engine} ${decisions?.length}`)
  const failed = issues.filter(({ statusHistory }) => statusHistory.some(({ to }) => to === 'FAILED')).length
  return [`decided by ${counts.join(', ')}`, ...(failed > 0 ? [`after a failure ${failed}`] : [])].join(', ')
}

/** Writes all that is needed to look at a run into its directory. Returns that directory. */
export function keepRun(directory: string, schedule: Schedule, { violations, observation }: Outcome): string {
  const folder = join(directory, `seed-${schedule.seed}`)
  mkdirSync(folder, { recursive: true })
  const files = { schedule, violations, observation }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(content, toPlain, 2)}\n`)
  }
  return folder
}

function toPlain(_name: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  return value instanceof Set ? [...value] : value
}
