import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { EntityType } from '@redress/shared/events/entity-types.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { ApiKey, KeyChange } from '../domain/api-key.ts'
import type { Head } from '../domain/chain.ts'
import type { AuditEntry } from '../domain/entry.ts'
import type { Revocation, RevocationChange } from '../domain/revocation.ts'

/** Writes within a transaction of the caller. */
export type ChainWriter = Readonly<{
  readHead(): Promise<Head>
  /** Those of some ids that have an entry. */
  findRecorded(ids: readonly string[]): Promise<readonly string[]>
  /** @throws if another writer has moved the head since it was read. */
  append(entries: readonly AuditEntry[], before: Head): Promise<void>
}>

/** Appends events that have no entry yet, in a transaction of its own. */
export type RecordAtOnce = (events: readonly DomainEvent[]) => Promise<void>

export type ChainReader = Readonly<{
  readHead(): Promise<Head>
  find(sequence: number): Promise<AuditEntry | null>
  /** The stored entry with the greatest sequence, whatever the head says. */
  findLast(): Promise<AuditEntry | null>
  /** In order, both ends included, at most `limit`. */
  read(range: Readonly<{ from: number; to: number; limit: number }>): Promise<readonly AuditEntry[]>
}>

/** Every given condition must hold. */
export type AuditFilter = Readonly<{
  entityType?: string | null
  entityId?: string | null
  action?: string | null
  actor?: string | null
  /** Included. */
  from?: Date | null
  /** Excluded, as the two below. */
  to?: Date | null
  after?: Date | null
  before?: Date | null
}>

/** Read access for callers. */
export type Views = Readonly<{
  find(ids: readonly string[]): Promise<readonly (AuditEntry | null)[]>
  /** Newest first. */
  pageOfLog(filter: AuditFilter, page: PageArguments): Promise<Connection<AuditEntry>>
  /** The same page of the entries of each entity of a type, oldest first. */
  pagesOfTrails(
    entities: Readonly<{ type: EntityType; ids: readonly string[] }>,
    page: PageArguments,
  ): Promise<readonly Connection<AuditEntry>[]>
}>

export type ApiKeys = Readonly<{
  find(id: string): Promise<ApiKey | null>
  /** Newest first. */
  page(page: PageArguments): Promise<Connection<ApiKey>>
  /** Runs `work` in one transaction, again after a conflict with another writer. */
  transact<T>(work: (transaction: ApiKeysTransaction) => Promise<T>): Promise<T>
}>

export type Revocations = Readonly<{
  /** Newest first, at most 10,000. */
  since(moment: Date): Promise<readonly Revocation[]>
  /** Runs `work` in one transaction, again after a conflict with another writer. */
  transact<T>(work: (transaction: RevocationsTransaction) => Promise<T>): Promise<T>
}>

export type RevocationsTransaction = Readonly<{
  find(id: string): Promise<Revocation | null>
  /** Stores the revocation and records the event. */
  save(change: RevocationChange): Promise<void>
}>

export type ApiKeysTransaction = Readonly<{
  find(id: string): Promise<ApiKey | null>
  /** Stores the key and records the event. */
  save(change: KeyChange): Promise<void>
}>
