import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { RuleProblem } from '../errors.ts'
import type { BusinessRule, RuleContent } from './business-rule.ts'

export type RulesTransaction = Readonly<{
  find(id: string): Promise<BusinessRule | null>
  count(): Promise<number>
  /** Writes the successor of the version that was found. */
  put(rule: BusinessRule): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
}>

export type Rules = Readonly<{
  /** By id. */
  all(): Promise<readonly BusinessRule[]>
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: RulesTransaction) => Promise<T>): Promise<T>
}>

/** Everything that is wrong with a rule; nothing where it is right. */
export type CheckRule = (rule: RuleContent) => readonly RuleProblem[]
