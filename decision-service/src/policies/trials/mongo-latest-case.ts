import { sameTenant } from '@redress/shared/access/tenant.ts'
import type { DecisionCollections } from '../../decisions/outbound/documents.ts'
import { isHidden } from '../../domain/stored-decision.ts'
import type { FindLatestCase } from './simulate-decision.ts'

const LATEST = { projection: { case: 1, blind: 1, review: 1 }, sort: { decidedAt: -1 } } as const

/**
 * Where the latest decision waits for a blind review there is none, whatever was decided before: much the same would
 * come out of an earlier case. Decisions of the first versions were never blind, and kept no case.
 */
export function createFindLatestCase({ decisions }: Pick<DecisionCollections, 'decisions'>): FindLatestCase {
  return async (issueId, tenant) => {
    const found = await decisions.findOne({ issueId, ...sameTenant(tenant) }, LATEST)
    return found === null || isHidden(found) ? null : (found.case ?? null)
  }
}
