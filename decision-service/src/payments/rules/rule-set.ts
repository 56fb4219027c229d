import type { DecisionCase } from '@redress/shared/contracts.ts'
import { type Condition, compileConditions } from '../../policies/table/condition.ts'
import type { Facts } from '../../policies/table/fact.ts'
import { readFacts } from '../../policies/table/facts.ts'
import type { RuleHit } from '../domain/payment-decision.ts'
import type { PaymentFacts } from '../domain/payment-facts.ts'
import { type BusinessRule, type RuleSubject, toHit } from './business-rule.ts'
import { RULE_FACTS } from './rule-facts.ts'

export type RuleSet = Readonly<{
  hitsOfCase: (decisionCase: DecisionCase) => readonly RuleHit[]
  hitsOfPayment: (facts: PaymentFacts) => readonly RuleHit[]
  /** Ids of rules that can no longer be understood; they hold for nothing. */
  broken: readonly string[]
}>

type Compiled = Readonly<{ hit: RuleHit; conditions: readonly Condition[] }>

/** No rule may ask for what only a policy knows. */
const NO_COVERAGE = { currencies: [], maxAmount: 0 }

/** Makes rules ready to be held against cases and payments; those that are not enabled are left out. */
export function compileRules(rules: readonly BusinessRule[]): RuleSet {
  const bySubject = new Map<RuleSubject, Compiled[]>()
  const broken: string[] = []
  for (const rule of rules.filter(({ enabled }) => enabled)) {
    const { conditions, problems } = compileConditions(rule.when, RULE_FACTS[rule.subject])
    if (problems.length > 0) broken.push(rule.id)
    else bySubject.set(rule.subject, [...(bySubject.get(rule.subject) ?? []), { hit: toHit(rule), conditions }])
  }

  return {
    hitsOfCase(decisionCase) {
      const compiled = bySubject.get(decisionCase.details.type)
      return compiled ? findHits(compiled, readFacts(decisionCase, NO_COVERAGE)) : []
    },
    hitsOfPayment: (facts) => findHits(bySubject.get('PAYMENT') ?? [], facts),
    broken,
  }
}

function findHits(rules: readonly Compiled[], facts: Facts): readonly RuleHit[] {
  return rules
    .filter(({ conditions }) => conditions.every(({ fact, holds }) => holds(facts[fact] ?? null)))
    .map(({ hit }) => hit)
}
