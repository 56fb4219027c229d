import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { NoDecisionsInRangeError } from '../errors.ts'
import { type Backtest, checkRange, DECISIONS_MAX, type Range, requestBacktest } from './backtest.ts'
import type { BacktestQueue, BacktestStore, MadeDecisions, ReadCandidate } from './ports.ts'

type BacktestPolicyCommand = Range & Readonly<{ skill: string; digestOrText: string; cause: Cause }>
export type BacktestPolicy = (command: BacktestPolicyCommand) => Promise<Backtest>

/** As much as a file of a skill may hold. */

type Dependencies = Readonly<{
  readCandidate: ReadCandidate
  made: Pick<MadeDecisions, 'count'>
  store: Pick<BacktestStore, 'add'>
  queue: Pick<BacktestQueue, 'enqueue'>
  newId: () => string
  now: Clock
  onCommit: () => void
}>

/**
 * Asks for a candidate to be held against the past. What cannot be is refused before anything is stored.
 * @throws BadUserInputError for a range that is empty, too long or holds more than 1,000,000 decisions.
 * @throws NoDecisionsInRangeError, and what `readCandidate` throws.
 */
export function createBacktestPolicy(dependencies: Dependencies): BacktestPolicy {
  const { readCandidate, made, store, queue, newId, now, onCommit } = dependencies
  return async ({ skill, digestOrText, from, to, cause }) => {
    checkRange({ from, to })
    const candidate = await readCandidate({ skill, digestOrText })
    const decisions = await made.count({ skill, from, to }, DECISIONS_MAX + 1)
    if (decisions === 0) throw new NoDecisionsInRangeError(skill)
    if (decisions > DECISIONS_MAX) {
      throw new BadUserInputError(['to'], `makes a range with more than ${DECISIONS_MAX} decisions`)
    }

    const { backtest, event } = requestBacktest({ id: newId(), skill, candidate, decisions, from, to, cause }, now())
    await store.add(backtest, event)
    onCommit()
    // Not awaited: the backtest is stored, and recovery queues it if the queue is away.
    queue.enqueue(backtest).catch(() => {})
    return backtest
  }
}
