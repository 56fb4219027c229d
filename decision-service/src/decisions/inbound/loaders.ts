import DataLoader from 'dataloader'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { Views } from '../use-cases/views.ts'

export type Loaders = Readonly<{
  decisions: DataLoader<string, StoredDecision | null>
  decisionsOfIssue: DataLoader<string, readonly StoredDecision[]>
}>

/** The loaders of one request: each record is read once, and many in one query. */
export function createLoaders(views: Views): Loaders {
  return {
    decisions: new DataLoader(views.findDecisions),
    decisionsOfIssue: new DataLoader(views.decisionsOf),
  }
}
