import { momentAfter } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { RoutingThresholds } from '../../../domain/routing.ts'
import type { DeadJob } from '../../../jobs/dead-letters/dead-letter.ts'
import { textOf } from '../../../jobs/frame/job-failure.ts'
import type { JobEnd } from '../../../jobs/frame/job-handler.ts'
import { BacktestMissingError } from '../errors.ts'
import { type Backtest, type Ending, endedEvent } from './backtest.ts'
import { createBacktestTally, type MadeDecision } from './backtest-result.ts'
import type { BacktestStore, MadeDecisions, OpenCandidate } from './ports.ts'

/** So many decisions are held against it in one go; between two goes the process does other things. */
const BATCH = 500
const PROGRESS_EVERY_MS = 1_000
/** A backtest whose process has died so often is not begun again. */
const RUNS_MAX = 10

export type RunBacktest = Readonly<{
  /**
   * Holds the candidate against every decision of the range. One that was begun before starts anew, one that has ended
   * stays as it is; of two that run at the same time the first end stands.
   * @returns `stopped` when `mayGoOn` said so between two batches, and nothing is lost.
   * @throws BacktestMissingError
   */
  run: (id: string, mayGoOn: () => boolean) => Promise<'ended' | 'stopped'>
  /** Ends a backtest that no attempt could bring to an end. */
  giveUp: (id: string, end: Pick<JobEnd, 'failure' | 'stack'>) => Promise<void>
  /** Notes on record that it is held because of its store; rejects while that takes no writes. */
  noteHeld: (id: string) => Promise<void>
}>

type Dependencies = Readonly<{
  store: BacktestStore
  made: Pick<MadeDecisions, 'read'>
  openCandidate: OpenCandidate
  /** Thresholds of the rules engine: a candidate is tested by its rules, whichever engine made the past decisions. */
  thresholds: RoutingThresholds
  now: Clock
  onCommit: () => void
}>

export function createRunBacktest(dependencies: Dependencies): RunBacktest {
  const { store, onCommit, now } = dependencies

  const end = async (backtest: Backtest, ending: Ending, dead: DeadJob | null = null) => {
    const at = momentAfter(backtest.createdAt, now())
    await store.end(backtest.id, ending, { event: endedEvent(backtest, ending, at), dead, at })
    onCommit()
  }
  return {
    async run(id, mayGoOn) {
      const backtest = await store.begin(id, now())
      if (backtest === null) {
        if ((await store.find(id)) === null) throw new BacktestMissingError(id)
        return 'ended'
      }
      if (backtest.runs > RUNS_MAX) {
        const message = `It was begun ${RUNS_MAX} times and never came to an end.`
        const failure = { code: 'JOB_CRASHED', message } as const
        await end(backtest, { status: 'FAILED', failure: message }, toDeadJob(backtest, { failure, stack: null }))
        return 'ended'
      }
      const tally = await compare(backtest, dependencies, mayGoOn)
      if (tally === 'stopped') return 'stopped'
      await end(backtest, { status: 'COMPLETED', result: tally.toResult() })
      return 'ended'
    },
    async giveUp(id, dead) {
      const backtest = await store.find(id)
      const failure = textOf(dead.failure)
      if (backtest) await end(backtest, { status: 'FAILED', failure }, toDeadJob(backtest, dead))
    },
    noteHeld: async (id) => void (await store.advance(id, 0, now())),
  }
}

function toDeadJob(
  { id, runs, skill, from, to }: Backtest,
  { failure, stack }: Pick<JobEnd, 'failure' | 'stack'>,
): DeadJob {
  const job = { id, type: 'backtest-policy', queue: 'background', payload: { skill, from, to } } as const
  return { ...job, failure, stack, attempts: runs, retry: null }
}

async function compare(
  backtest: Backtest,
  { store, made, openCandidate, thresholds, now }: Dependencies,
  mayGoOn: () => boolean,
) {
  const { id, skill, from } = backtest
  // Decisions made after the request are left out, so that every run reads the same ones.
  const range = { skill, from, to: earlier(backtest.to, backtest.createdAt) }
  const decide = await openCandidate(backtest.candidate)
  const tally = createBacktestTally(thresholds)
  let reportedAt = now().getTime()
  let seen = 0
  let last: MadeDecision | null = null
  while (mayGoOn()) {
    const batch = await made.read(range, { after: last, limit: BATCH })
    for (const one of batch) tally.add(one, decide(one.case))
    if (batch.length < BATCH) return tally
    last = batch.at(-1)!
    seen += batch.length

    const at = now()
    if (at.getTime() - reportedAt < PROGRESS_EVERY_MS) continue
    reportedAt = at.getTime()
    // Another process has ended it meanwhile.
    if (!(await store.advance(id, Math.min(1, seen / backtest.decisions), at))) return 'stopped'
  }
  return 'stopped'
}

const earlier = (a: Date, b: Date): Date => (a < b ? a : b)
