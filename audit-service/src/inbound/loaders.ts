import type { Connection, PageArguments } from '@redress/shared/connection.ts'
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
  const trails = new Map<string, DataLoader<string, Connection<AuditEntry>>>()
  return {
    entries: new DataLoader(views.find),
    trails: (page) => {
      const name = JSON.stringify([page.first, page.after, page.last, page.before])
      const known = trails.get(name)
      if (known) return known
      const created = new DataLoader<string, Connection<AuditEntry>>((ids) => views.pagesOfTrails(ids, page))
      trails.set(name, created)
      return created
    },
  }
}
