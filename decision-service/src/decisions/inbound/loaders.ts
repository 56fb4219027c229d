import { type Connection, type PageArguments, perPage } from '@redress/shared/connection.ts'
import DataLoader from 'dataloader'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { Views } from '../use-cases/views.ts'

export type Loaders = Readonly<{
  decisions: DataLoader<string, StoredDecision | null>
  decisionsOfIssue: DataLoader<string, readonly StoredDecision[]>
  /** One loader for each page of a request; issues with the same page are read together. */
  decisionPages: (page: PageArguments) => DataLoader<string, Connection<StoredDecision>>
}>

/** The loaders of one request: each record is read once, and many in one query. */
export function createLoaders(views: Views): Loaders {
  return {
    decisions: new DataLoader(views.findDecisions),
    decisionsOfIssue: new DataLoader(views.decisionsOf),
    decisionPages: perPage((page) => new DataLoader((ids) => views.pagesOfIssues(ids, page))),
  }
}
