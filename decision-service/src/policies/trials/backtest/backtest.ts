import { BadUserInputError } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew, type Cause, type DomainEvent, tracedBy } from '@redress/shared/events/envelope.ts'
import { causeOfWorker } from '../../../domain/cause-of-worker.ts'
import type { PolicyVersion } from '../../../domain/decision.ts'
import type { PolicyFile } from '../../deployment/policy.ts'
import type { BacktestResult } from './backtest-result.ts'

/** PENDING and RUNNING are waited for; the others are final. */
export type BacktestStatus = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED'

/** The version that is compared with past decisions: a stored one, or one whose files exist only here. */
export type Candidate = Readonly<{ policy: PolicyVersion; files: readonly PolicyFile[] | null }>

export type Range = Readonly<{ from: Date; to: Date }>

/** A candidate held against the decisions of a past range; from `from` on and before `to`. */
export type Backtest = Range &
  Readonly<{
    id: string
    status: BacktestStatus
    /** 0 to 1. */
    progress: number
    skill: string
    candidate: Candidate
    /** How many there were to hold it against when it was asked for. */
    decisions: number
    /** How often it was begun. */
    runs: number
    result: BacktestResult | null
    failure: string | null
    requestedBy: string
    /** Of the caller who asked for it: it reads the decisions of no other tenant. */
    tenant: string
    requestId: string | null
    trace?: string
    createdAt: Date
    updatedAt: Date
    endedAt: Date | null
  }>

export const DECISIONS_MAX = 1_000_000
const RANGE_MS_MAX = 366 * 24 * 60 * 60 * 1000

/** @throws BadUserInputError for a range that is empty, turned round or longer than 366 days. */
export function checkRange({ from, to }: Range): void {
  if (from >= to) throw new BadUserInputError(['to'], 'must be after from')
  if (to.getTime() - from.getTime() > RANGE_MS_MAX)
    throw new BadUserInputError(['to'], 'must be within 366 days of from')
}

type Asked = Range & Pick<Backtest, 'id' | 'skill' | 'candidate' | 'decisions'> & Readonly<{ cause: Cause }>

export function requestBacktest({ cause, ...asked }: Asked, now: Date): { backtest: Backtest; event: DomainEvent } {
  const backtest: Backtest = {
    ...asked,
    status: 'PENDING',
    progress: 0,
    runs: 0,
    result: null,
    failure: null,
    requestedBy: cause.actor,
    tenant: cause.tenant,
    requestId: cause.requestId,
    ...tracedBy(cause.trace),
    createdAt: now,
    updatedAt: now,
    endedAt: null,
  }
  const { skill, candidate, from, to, decisions } = backtest
  const facts = {
    skill,
    policyDigest: candidate.policy.digest,
    from: from.toISOString(),
    to: to.toISOString(),
    decisions,
  }
  return { backtest, event: eventOf(backtest, 'requested', { at: now, cause, facts }) }
}

export type Ending = Readonly<{ status: 'COMPLETED'; result: BacktestResult } | { status: 'FAILED'; failure: string }>

/** The event of the end of a backtest. */
export function endedEvent(backtest: Backtest, ending: Ending, at: Date): DomainEvent {
  const cause = causeOfWorker(backtest)
  if (ending.status === 'FAILED') {
    return eventOf(backtest, 'failed', { at, cause, facts: { status: 'FAILED', failure: ending.failure } })
  }
  const { decisions, changed, customersAffected } = ending.result
  const facts = { status: 'COMPLETED', decisions, changed, customersAffected }
  return eventOf(backtest, 'completed', { at, cause, facts })
}

type EventContent = Readonly<{ at: Date; cause: Cause; facts: Readonly<Record<string, unknown>> }>

function eventOf(
  { id, skill, candidate }: Backtest,
  what: 'requested' | 'completed' | 'failed',
  content: EventContent,
): DomainEvent {
  const { at, cause, facts } = content
  return newEvent(`backtest.${what}`, {
    id: `${id}-${what}`,
    at,
    cause,
    entity: { type: 'Backtest', id },
    changes: asNew(facts),
    data: { skill, policyDigest: candidate.policy.digest },
  })
}
