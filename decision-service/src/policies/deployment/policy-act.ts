import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import type { PolicyHead } from './policy.ts'

export type PolicyEventType =
  | 'policy.proposed'
  | 'policy.published'
  | 'policy.rolled_back'
  | 'policy.in_force'
  | 'policy.trial_started'
  | 'policy.trial_ended'

/** The changes of an act by field: the value before, and the value after. */
type PolicyChanges = Readonly<Record<string, readonly [before: unknown, after: unknown]>>

/** The next thing that happens to a policy, later than the one before it whatever the clocks say. */
export function nextAct({ skill, acts, lastAt }: PolicyHead, now: Date): PolicyHead {
  return { skill, acts: acts + 1, lastAt: momentAfter(lastAt, now) }
}

/** The head of a policy to which nothing has happened yet. */
export function newHead(skill: string): PolicyHead {
  return { skill, acts: 0, lastAt: new Date(0) }
}

type ActFacts = Readonly<{
  type: PolicyEventType
  digest: string
  version: string
  changes: PolicyChanges
  cause: Cause
}>

/** The event of an act, whose id is the number of the act. */
export function policyEvent(
  { skill, acts, lastAt }: PolicyHead,
  { type, digest, version, changes, cause }: ActFacts,
): DomainEvent {
  return newEvent(type, {
    id: `policy-${skill}-${acts}`,
    at: lastAt,
    cause,
    entity: { type: 'Policy', id: skill },
    changes: Object.fromEntries(Object.entries(changes).map(([field, [before, after]]) => [field, { before, after }])),
    data: { skill, digest, version },
  })
}
