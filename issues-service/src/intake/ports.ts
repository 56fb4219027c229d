import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { IssuesTransaction } from '../issues/use-cases/ports.ts'
import type { Transaction, TransactionChange } from '../transactions/transaction.ts'
import type { Failure, PaymentName, ReceivedEvent, WaitingEvent } from './payment-event.ts'

export type KnownEvent = Readonly<{ eventId: string; digest: string }>

/** A failed attempt; `nextAttemptAt` is null after the last one: the event is a dead letter then. */
export type FailedAttempt = Readonly<{ attempts: number; failure: Failure; nextAttemptAt: Date | null; at: Date }>

/** Reads and writes of one transaction: all of it is stored, or nothing. */
export type IntakeTransaction = Readonly<{
  findKnown(tenant: string, eventIds: readonly string[]): Promise<readonly KnownEvent[]>
  insert(received: readonly ReceivedEvent[]): Promise<void>
  findPayment(name: PaymentName): Promise<Transaction | null>
  /** A payment that was found. */
  savePayment(change: TransactionChange): Promise<void>
  issuesIn: (tenant: string) => IssuesTransaction
  record(events: readonly DomainEvent[]): Promise<void>
  /** False where another process has tried the event meanwhile. */
  noteApplied(waiting: WaitingEvent, at: Date): Promise<boolean>
  /** Stores a failed attempt, and a dead letter after the last one. False where another process has tried the event meanwhile. */
  noteFailure(waiting: WaitingEvent, failed: FailedAttempt): Promise<boolean>
}>

export type IntakeStore = Readonly<{
  /** Runs `work` on one consistent state, again after a conflict with another writer. */
  transact<T>(work: (transaction: IntakeTransaction) => Promise<T>): Promise<T>
  /** The payments that have events to be tried at `now`, those that have waited longest first. */
  findDue(now: Date, limit: number): Promise<readonly PaymentName[]>
  /** The events of a payment that wait, in the order in which they occurred, or came where they occurred at once. */
  findWaiting(payment: PaymentName, limit: number): Promise<readonly WaitingEvent[]>
  /** Lets the events behind a failed one wait as long as it does. */
  holdBehind(failed: WaitingEvent, until: Date): Promise<void>
}>
