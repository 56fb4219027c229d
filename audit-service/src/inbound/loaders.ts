import { type Connection, type PageArguments, perPage } from '@redress/shared/connection.ts'
import type { EntityType } from '@redress/shared/events/entity-types.ts'
import DataLoader from 'dataloader'
import type { AuditEntry } from '../domain/entry.ts'
import type { Views } from '../use-cases/ports.ts'

export type Loaders = Readonly<{
  entries: DataLoader<string, AuditEntry | null>
  /** One loader for each page of a request; entities of one type with the same page are read together. */
  trails: (page: TrailPage) => DataLoader<string, Connection<AuditEntry>>
}>

/** A page of the entries about an entity of a type. */
type TrailPage = PageArguments & Readonly<{ of: EntityType }>

/** Loads entities once per request, many in one query. */
export function createLoaders(views: Views): Loaders {
  return {
    entries: new DataLoader(views.find),
    trails: perPage(
      ({ of: type, ...page }: TrailPage) => new DataLoader((ids) => views.pagesOfTrails({ type, ids }, page)),
    ),
  }
}
