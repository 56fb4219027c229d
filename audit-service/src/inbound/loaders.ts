import { type Connection, type PageArguments, perPage } from '@redress/shared/connection.ts'
import DataLoader from 'dataloader'
import type { AuditEntry } from '../domain/entry.ts'
import type { Views } from '../use-cases/ports.ts'

export type Loaders = Readonly<{
  entries: DataLoader<string, AuditEntry | null>
  /** One loader for each page of a request; issues with the same page are read together. */
  trails: (page: PageArguments) => DataLoader<string, Connection<AuditEntry>>
}>

/** Loads entities once per request, many in one query. */
export function createLoaders(views: Views): Loaders {
  return {
    entries: new DataLoader(views.find),
    trails: perPage((page) => new DataLoader((ids) => views.pagesOfTrails(ids, page))),
  }
}
