import type { DecisionCase, IssueDetails, IssueType, Money } from '@redress/shared/contracts.ts'

/** A fact that a rule may compare. `null` means that the case has none, such as the shipping of a download. */
export type FactValue = string | number | boolean | null
export type Facts = Readonly<Record<string, FactValue>>

/** The scope of a policy: limits that belong to the skill, not to the case. */
export type Coverage = Readonly<{ currencies: readonly string[]; maxAmount: number }>

export type DetailsOf<T extends IssueType> = Extract<IssueDetails, { type: T }>
type Source<D extends IssueDetails> = DecisionCase & { details: D; atStake: Money | null; coverage: Coverage }

export type Fact<D extends IssueDetails = IssueDetails> = Readonly<{
  /** `money` is an amount in minor units; its currency is the fact that `currency` names. */
  kind: 'number' | 'money' | 'currency' | 'text' | 'boolean'
  /** All values that a text can have, where they are known: a misspelt one would never match. */
  values?: readonly string[]
  currency?: string
  meaning: string
  // A method, so that the facts of one type of issue fit into the table of all: a case is only asked for its own.
  read(source: Source<D>): FactValue
}>
export type FactTable<D extends IssueDetails = IssueDetails> = Readonly<Record<string, Fact<D>>>
