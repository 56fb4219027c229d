import { parseArgs } from 'node:util'

export const CHAOS_HELP = `npm run chaos [-- --seed 1 --jobs 10000 --seconds 240]

Runs three workers and two processes that add jobs and lead, with a provider that counts effects and measures calls, kills
one of them at random every two seconds, restarts Redis twice, empties it once and cuts the end of its append-only file
once, all while mixed jobs of every tier are added. Then it checks from outside: each critical job has its effect exactly
once, none is lost, every record has ended, recovery took at most 30 s after the last fault, the limits of providers held
as the provider saw them, and no alert was raised twice for one cause. After that it kills the leader of the schedules
again and again on a clock that is eight times as fast: another one leads within 15 s, and each tick ran exactly once.

  --jobs N           jobs in all (default 10000)
  --seconds S        the time over which they are added and faults happen (default 240)
  --seed N           chooses jobs and faults (default: the time)
  --kill-every MS    milliseconds between two kills (default 2000)
  --leader-kills N   kills of the leader of the schedules (default 50; 0 for none)
  --settle S         the longest wait for the end of all jobs after the last fault (default 300)

Prints progress, violations, and one JSON object at the end. A run with violations keeps its directory. Exit code 1 if
there was one, 130 if it was interrupted.`

const OPTIONS = {
  jobs: { type: 'string', default: '10000' },
  seconds: { type: 'string', default: '240' },
  seed: { type: 'string' },
  'kill-every': { type: 'string', default: '2000' },
  'leader-kills': { type: 'string', default: '50' },
  settle: { type: 'string', default: '300' },
} as const

export type ChaosOptions = ReturnType<typeof readChaosOptions>

/** @throws Error that names the wrong option */
export function readChaosOptions(args: readonly string[], nowMs: number) {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const number = (option: keyof typeof OPTIONS, text: string, least = 1) => {
    const value = Number(text)
    if (text !== '' && Number.isInteger(value) && value >= least) return value
    throw new Error(`--${option} takes a whole number from ${least} on.`)
  }
  return {
    seed: values.seed === undefined ? Math.floor(nowMs / 1000) : number('seed', values.seed),
    jobs: number('jobs', values.jobs, 0),
    overMs: number('seconds', values.seconds) * 1000,
    killEveryMs: number('kill-every', values['kill-every']),
    leaderKills: number('leader-kills', values['leader-kills'], 0),
    settleMs: number('settle', values.settle) * 1000,
  }
}
