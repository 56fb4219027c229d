import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import type { AskableFacts } from '../../policies/table/condition.ts'
import { FACTS } from '../../policies/table/facts.ts'
import type { PaymentFacts } from '../domain/payment-facts.ts'
import type { RuleSubject } from './business-rule.ts'

/** The facts of a payment that a business rule may compare. */
const PAYMENT_FACTS: { [Name in keyof PaymentFacts]: AskableFacts[string] } = {
  amount: { kind: 'number' },
  currency: { kind: 'currency' },
  balance: { kind: 'number' },
  riskScore: { kind: 'number' },
  recentDisputes: { kind: 'number' },
  paymentsLastHour: { kind: 'number' },
  newPayee: { kind: 'boolean' },
}

/** The scope, which only a policy has: its currencies and its ceiling. */
const OF_POLICIES: ReadonlySet<string> = new Set(['currencySupported', 'aboveCeiling'])

const factsOfCase = (type: IssueType): AskableFacts =>
  Object.fromEntries(Object.entries(FACTS[type]).filter(([name]) => !OF_POLICIES.has(name)))

/** Every fact that a business rule may name, by what it is about. */
export const RULE_FACTS: Readonly<Record<RuleSubject, AskableFacts>> = {
  PAYMENT: PAYMENT_FACTS,
  ...(Object.fromEntries(ISSUE_TYPES.map((type) => [type, factsOfCase(type)])) as Record<IssueType, AskableFacts>),
}
