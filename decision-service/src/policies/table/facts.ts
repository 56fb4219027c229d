import type { DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import { findAmountAtStake } from '../../domain/amount-at-stake.ts'
import { COMMON_FACTS } from './common-facts.ts'
import type { Coverage, Fact, Facts, FactTable, FactValue } from './fact.ts'
import { TYPE_FACTS } from './type-facts.ts'

/** Every fact that a rule may name, by the type of issue. */
export const FACTS: Readonly<Record<IssueType, FactTable>> = {
  DECLINE: { ...TYPE_FACTS.DECLINE, ...COMMON_FACTS },
  MISSED_INSTALLMENT: { ...TYPE_FACTS.MISSED_INSTALLMENT, ...COMMON_FACTS },
  DISPUTE: { ...TYPE_FACTS.DISPUTE, ...COMMON_FACTS },
  REFUND_REQUEST: { ...TYPE_FACTS.REFUND_REQUEST, ...COMMON_FACTS },
}

const ENTRIES: Readonly<Record<IssueType, readonly (readonly [string, Fact])[]>> = {
  DECLINE: Object.entries(FACTS.DECLINE),
  MISSED_INSTALLMENT: Object.entries(FACTS.MISSED_INSTALLMENT),
  DISPUTE: Object.entries(FACTS.DISPUTE),
  REFUND_REQUEST: Object.entries(FACTS.REFUND_REQUEST),
}

export function readFacts(decisionCase: DecisionCase, coverage: Coverage): Facts {
  const source = { ...decisionCase, atStake: findAmountAtStake(decisionCase), coverage }
  const facts: Record<string, FactValue> = {}
  for (const [name, fact] of ENTRIES[decisionCase.details.type]) facts[name] = fact.read(source)
  return facts
}
