import { ACTORS } from '@redress/shared/access/actors.ts'
import type { DecisionAction } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, causeOfService, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { alertEvent } from '../../../shared/src/events/alert.ts'
import type { PolicyVersion } from '../domain/decision.ts'
import { type Rate, wilsonRate } from '../domain/wilson.ts'
import { AutonomyNotSuspendedError } from './errors.ts'

/** Whether one action of one version of a policy may be carried out without a person. */
export type Autonomy = Readonly<{
  id: string
  policy: PolicyVersion
  action: DecisionAction
  /** Whether people agreed in the latest blind reviews, oldest first; as many as the rule asks for, at most. */
  answers: readonly boolean[]
  suspended: boolean
  /** When it was suspended; null if it is not. */
  since: Date | null
  restoredAt: Date | null
  /** Grows by one whenever it is suspended or restored. */
  version: number
  updatedAt: Date
}>

/** An action of which fewer than `floor` (0 to 1) of the last `reviews` blind reviews agree loses its autonomy. */
export type AutonomyRule = Readonly<{ reviews: number; floor: number }>

/** A new state and its events, which may be none. */
type AutonomyChange = Readonly<{ autonomy: Autonomy; events: readonly DomainEvent[] }>

/** The actor that suspends autonomy. */
const GUARD: Cause = causeOfService(ACTORS.autonomy)

export function autonomyIdFor(digest: string, action: DecisionAction): string {
  return `${digest}:${action}`
}

export function openAutonomy(policy: PolicyVersion, action: DecisionAction, now: Date): Autonomy {
  return {
    id: autonomyIdFor(policy.digest, action),
    policy,
    action,
    answers: [],
    suspended: false,
    since: null,
    restoredAt: null,
    version: 0,
    updatedAt: now,
  }
}

/** Counts one more blind review. Fewer than the rule asks for prove nothing. */
export function countBlindReview(
  before: Autonomy,
  { agreed, now }: { agreed: boolean; now: Date },
  { reviews, floor }: AutonomyRule,
): AutonomyChange {
  const at = momentAfter(before.updatedAt, now)
  const autonomy = { ...before, answers: [...before.answers, agreed].slice(-reviews), updatedAt: at }
  const { rate } = agreementOf(autonomy) ?? { rate: 1 }
  if (before.suspended || autonomy.answers.length < reviews || rate >= floor) return { autonomy, events: [] }

  const suspended = { ...autonomy, suspended: true, since: at, version: before.version + 1 }
  const alert = toAlert(suspended, floor)
  return { autonomy: { ...suspended, updatedAt: alert.at }, events: [changedEvent(suspended, GUARD), alert.event] }
}

/**
 * Restores the autonomy of an action and discards the answers counted so far.
 * @throws AutonomyNotSuspendedError
 */
export function restoreAutonomy(before: Autonomy, { cause, now }: { cause: Cause; now: Date }): AutonomyChange {
  if (!before.suspended) throw new AutonomyNotSuspendedError(before.action)
  const at = momentAfter(before.updatedAt, now)
  const version = before.version + 1
  const autonomy = { ...before, answers: [], suspended: false, since: null, restoredAt: at, version, updatedAt: at }
  return { autonomy, events: [changedEvent(autonomy, cause)] }
}

/** How often people agreed in the blind reviews that count. */
export function agreementOf({ answers }: Pick<Autonomy, 'answers'>): Rate | null {
  return wilsonRate(answers.filter((agreed) => agreed).length, answers.length)
}

function changedEvent(autonomy: Autonomy, cause: Cause): DomainEvent {
  const { id, policy, action, suspended, version, updatedAt } = autonomy
  return newEvent(suspended ? 'autonomy.suspended' : 'autonomy.restored', {
    id: `autonomy-${id}-${version}`,
    at: updatedAt,
    cause,
    entity: { type: 'Autonomy', id },
    changes: { suspended: { before: !suspended, after: suspended } },
    data: { policy, action },
  })
}

function toAlert({ id, policy, action, answers, version, updatedAt }: Autonomy, floor: number) {
  const agreed = answers.filter((one) => one).length
  const at = momentAfter(updatedAt, updatedAt)
  const alert = {
    id: `autonomy-${id}-${version}`,
    type: 'AUTONOMY_SUSPENDED',
    severity: 'WARNING',
    message:
      `${action} by ${policy.skill} ${policy.version} needs a person from now on: people agreed in ${agreed} of ` +
      `${answers.length} blind reviews, and ${Math.round(floor * 1000) / 10} % is the least.`,
    entity: { type: 'Autonomy', id },
    cause: GUARD,
  } as const
  return { at, event: alertEvent(alert, at) }
}
