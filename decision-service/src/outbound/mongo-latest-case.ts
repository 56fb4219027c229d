import type { FindLatestCase } from '../use-cases/simulate-decision.ts'
import { type Collections, NOT_HIDDEN } from './documents.ts'

export function createFindLatestCase({ decisions }: Pick<Collections, 'decisions'>): FindLatestCase {
  return async (issueId) => {
    const newestFirst = { projection: { case: 1 }, sort: { decidedAt: -1 } } as const
    // Decisions of the first versions of this service kept no case.
    const found = await decisions.findOne({ issueId, ...NOT_HIDDEN, case: { $exists: true } }, newestFirst)
    return found?.case ?? null
  }
}
