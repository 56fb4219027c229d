import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Autonomy } from './autonomy.ts'

/** Reads and writes autonomy in one transaction with its events. */
export type AutonomyTransaction = Readonly<{
  findAutonomy(ids: readonly string[]): Promise<ReadonlyMap<string, Autonomy>>
  saveAutonomy(autonomy: readonly Autonomy[]): Promise<void>
  addEvents(events: readonly DomainEvent[]): Promise<void>
}>

export type AutonomyStore = Readonly<{
  /** Runs `work` on one consistent state; it may run again when another writer was faster. */
  transact<T>(work: (transaction: AutonomyTransaction) => Promise<T>): Promise<T>
}>

export type AutonomyViews = Readonly<{
  /** The types and actions reviewed blindly: suspended first, then those reviewed last; at most 200. */
  all(): Promise<readonly Autonomy[]>
}>
