import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { DeadJob } from '../../../jobs/dead-letters/dead-letter.ts'
import type { Backtest, BacktestStatus, Candidate, Ending, Range } from './backtest.ts'
import type { CandidateVerdict, MadeDecision } from './backtest-result.ts'

/** Only an open backtest, one that is PENDING or RUNNING, is ever changed: its end is written once. */
export type BacktestStore = Readonly<{
  find(id: string): Promise<Backtest | null>
  add(backtest: Backtest, event: DomainEvent): Promise<void>
  /** Makes it RUNNING from the start, and counts that; null for one that is not open. */
  begin(id: string, at: Date): Promise<Backtest | null>
  /** Whether it is still open. */
  advance(id: string, progress: number, at: Date): Promise<boolean>
  /** Stores the end with its event, and its dead letter; nothing for one that has ended. */
  end(id: string, ending: Ending, effects: EndEffects): Promise<void>
}>

export type EndEffects = Readonly<{ event: DomainEvent; dead: DeadJob | null; at: Date }>

/** All that is given must hold. `from` is included, `to` is not. */
export type BacktestFilter = Readonly<{
  skill?: string | null
  status?: readonly BacktestStatus[] | null
  from?: Date | null
  to?: Date | null
}>
export type PageOfBacktests = (filter: BacktestFilter, page: PageArguments) => Promise<Connection<Backtest>>

/** Decisions made by one policy, whatever its version, in the order in which they were made. */
export type MadeDecisions = Readonly<{
  /** Counts up to `limit`. */
  count(range: Range & { skill: string }, limit: number): Promise<number>
  /** At most `limit` of them, beyond `after` where it is given. */
  read(
    range: Range & { skill: string },
    page: Readonly<{ after: MadeDecision | null; limit: number }>,
  ): Promise<readonly MadeDecision[]>
}>

export type BacktestQueue = Readonly<{
  /** Puts it in the queue; one that is there already stays as it is. */
  enqueue(backtest: Backtest): Promise<void>
  /**
   * For backtests that the record says are open: one that is not in the queue is put there, one that ended there waits
   * again. Gives back how many those were.
   */
  revive(backtests: readonly Backtest[]): Promise<number>
}>

/**
 * @throws PolicyNotFoundError, PolicyVersionNotFoundError
 * @throws SkillsRefusedError with every problem of a text that is no usable policy.
 */
export type ReadCandidate = (asked: Readonly<{ skill: string; digestOrText: string }>) => Promise<Candidate>

/** The decision of a candidate's rules about a case. @throws PolicyVersionNotFoundError */
export type OpenCandidate = (candidate: Candidate) => Promise<(decisionCase: DecisionCase) => CandidateVerdict>
