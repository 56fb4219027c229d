import type { IssueType } from '@redress/shared/contracts.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { EntityType } from '@redress/shared/events/entity-types.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import { alertEvent } from '../../../../shared/src/events/alert.ts'
import type { RuleHit } from '../domain/payment-decision.ts'

export type RuleSubject = 'PAYMENT' | IssueType

/** A rule written by a person. Where it matches, an alert is raised, and a payment may be held. */
export type RuleContent = Readonly<{
  /** Lower-case words joined by hyphens. */
  id: string
  description: string
  subject: RuleSubject
  /** As in rules.json: `{ "riskScore": { "gte": 80 } }`; all must hold. */
  when: Readonly<Record<string, unknown>>
  severity: RuleHit['severity']
  /** For payments only; null for a rule that only alerts. */
  verdict: RuleHit['verdict']
  enabled: boolean
}>
export type BusinessRule = RuleContent & Readonly<{ version: number; changedBy: string; changedAt: Date }>

export const RULES_MAX = 200

/** Whether two contents are equal, so that writing one again changes nothing. */
export function hasSameContent(rule: RuleContent, other: RuleContent): boolean {
  return CONTENT.every((field) => JSON.stringify(rule[field]) === JSON.stringify(other[field]))
}

const CONTENT = ['description', 'subject', 'when', 'severity', 'verdict', 'enabled'] as const

/** Says what was changed, by field. */
export function ruleChangedEvent(before: BusinessRule | null, rule: BusinessRule, cause: Cause): DomainEvent {
  const changed = CONTENT.filter((field) => JSON.stringify(before?.[field]) !== JSON.stringify(rule[field]))
  return newEvent('rule.changed', {
    id: `rule-${rule.id}-${rule.version}`,
    at: rule.changedAt,
    cause,
    entity: { type: 'BusinessRule', id: rule.id },
    changes: Object.fromEntries(
      changed.map((field) => [field, { before: before?.[field] ?? null, after: rule[field] }]),
    ),
    data: { ruleId: rule.id, version: rule.version },
  })
}

export function toHit({ id, version, description, severity, verdict }: BusinessRule): RuleHit {
  return { ruleId: id, version, description, severity, verdict }
}

type Raised = Readonly<{ entity: Readonly<{ type: EntityType; id: string }>; after: Date; cause: Cause }>

/** An alert for each hit; raised once, for its id is derived from the rule and what it holds for. */
export function ruleAlerts(hits: readonly RuleHit[], { entity, after, cause }: Raised): readonly DomainEvent[] {
  return hits.map(({ ruleId, version, description, severity }, index) =>
    alertEvent(
      {
        id: `rule-${ruleId}-${entity.id}`,
        type: 'BUSINESS_RULE',
        severity,
        message: `The rule ${ruleId}, version ${version}, holds: ${description}`,
        entity,
        cause,
      },
      // Events of one entity are each later than the one before.
      new Date(after.getTime() + 1 + index),
    ),
  )
}
