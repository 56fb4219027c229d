import type { FindLatestCase } from '../use-cases/simulate-decision.ts'
import type { Collections } from './documents.ts'

/** One that waits for a blind review does not exist for anybody who asks, and decisions of the first versions kept no case. */
const SHOWN = { $nor: [{ blind: true, review: null }], case: { $exists: true } }

export function createFindLatestCase({ decisions }: Pick<Collections, 'decisions'>): FindLatestCase {
  return async (issueId) => {
    const newestFirst = { projection: { case: 1 }, sort: { decidedAt: -1 } } as const
    const found = await decisions.findOne({ issueId, ...SHOWN }, newestFirst)
    return found?.case ?? null
  }
}
