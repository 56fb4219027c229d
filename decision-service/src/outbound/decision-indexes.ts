import type { Collections } from './documents.ts'

/** Creates the indexes that lists of decisions read by; each filter has one. */
export async function prepareDecisionIndexes({ decisions }: Pick<Collections, 'decisions'>): Promise<void> {
  await decisions.createIndexes([
    { key: { decidedAt: 1, _id: 1 }, name: 'newest' },
    { key: { action: 1, decidedAt: 1, _id: 1 }, name: 'newest_by_action' },
    { key: { routing: 1, decidedAt: 1, _id: 1 }, name: 'newest_by_routing' },
    { key: { engine: 1, decidedAt: 1, _id: 1 }, name: 'newest_by_engine' },
    { key: { 'policy.digest': 1, decidedAt: 1, _id: 1 }, name: 'newest_by_digest' },
    { key: { 'review.agreement': 1, decidedAt: 1, _id: 1 }, name: 'newest_by_agreement' },
    // Few fall back; those that do not are found by `newest`.
    { key: { decidedAt: 1, _id: 1 }, name: 'newest_fallback', partialFilterExpression: { fallback: true } },
  ])
}
