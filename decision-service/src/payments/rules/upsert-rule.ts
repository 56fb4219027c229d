import { type Cause, momentAfter } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import { RuleConflictError, type RuleProblem, RuleRefusedError } from '../errors.ts'
import { type BusinessRule, hasSameContent, RULES_MAX, type RuleContent, ruleChangedEvent } from './business-rule.ts'
import type { CheckRule, Rules, RulesTransaction } from './ports.ts'

type UpsertRuleCommand = Readonly<{
  rule: RuleContent
  /** The version that the caller saw; null where any is replaced. */
  seenVersion: number | null
  cause: Cause
}>
export type UpsertRule = (command: UpsertRuleCommand) => Promise<BusinessRule>

type Dependencies = Readonly<{ rules: Rules; checkRule: CheckRule; now: Clock; onCommit: () => void }>

/**
 * Writes a business rule, with an event that says what changed. One that says the same already stays as it is. What it
 * says goes with every alert into events, so personal things in its description are masked.
 * @throws RuleRefusedError, RuleConflictError
 */
export function createUpsertRule({ rules, checkRule, now, onCommit }: Dependencies): UpsertRule {
  return async (command) => {
    refuseProblems(checkRule(command.rule))
    const masked = { ...command.rule, description: maskPersonal(command.rule.description).trim() }
    refuseProblems(checkRule(masked))

    const rule = await rules.transact((transaction) => write(transaction, { ...command, rule: masked }, now()))
    onCommit()
    return rule
  }
}

function refuseProblems(problems: readonly RuleProblem[]): void {
  if (problems.length > 0) throw new RuleRefusedError(problems)
}

async function write(transaction: RulesTransaction, { rule, seenVersion, cause }: UpsertRuleCommand, at: Date) {
  const before = await transaction.find(rule.id)
  if (seenVersion !== null && seenVersion !== before?.version) throw new RuleConflictError(rule.id)
  if (before === null) await refuseTooMany(transaction)
  else if (hasSameContent(before, rule)) return before

  const version = (before?.version ?? 0) + 1
  const changedAt = momentAfter(before?.changedAt ?? null, at)
  const written: BusinessRule = { ...rule, version, changedBy: cause.actor, changedAt }
  await transaction.put(written)
  await transaction.addEvents([ruleChangedEvent(before, written, cause)])
  return written
}

async function refuseTooMany(transaction: RulesTransaction): Promise<void> {
  if ((await transaction.count()) < RULES_MAX) return
  throw new RuleRefusedError([{ path: 'id', problem: `would be one more than the ${RULES_MAX} rules there may be` }])
}
