import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import type { ApiKey, KeyChange } from '../domain/api-key.ts'
import type { Head } from '../domain/chain.ts'
import type { AuditEntry } from '../domain/entry.ts'

/** Part of one transaction that somebody else began. */
export type ChainWriter = Readonly<{
  readHead(): Promise<Head>
  /** @throws when another writer has moved the head since it was read. */
  append(entries: readonly AuditEntry[], before: Head): Promise<void>
}>

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
  after?: Date | null
  before?: Date | null
}>

/** What callers read. */
export type Views = Readonly<{
  find(ids: readonly string[]): Promise<readonly (AuditEntry | null)[]>
  /** Newest first. */
  pageOfLog(filter: AuditFilter, page: PageArguments): Promise<Connection<AuditEntry>>
  /** What happened to each issue, oldest first; the same page of each. */
  pagesOfTrails(issueIds: readonly string[], page: PageArguments): Promise<readonly Connection<AuditEntry>[]>
}>

export type ApiKeys = Readonly<{
  find(id: string): Promise<ApiKey | null>
  /** Newest first. */
  page(page: PageArguments): Promise<Connection<ApiKey>>
  /** Runs `work` in one transaction, several times where another writer came in between. */
  transact<T>(work: (transaction: ApiKeysTransaction) => Promise<T>): Promise<T>
}>

export type ApiKeysTransaction = Readonly<{
  find(id: string): Promise<ApiKey | null>
  /** Stores the key as it is now, and puts what happened to it on record. */
  save(change: KeyChange): Promise<void>
}>
