import { within } from '@redress/shared/stores/moments.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import type { StoredDecision } from '../../domain/stored-decision.ts'
import type { DecisionFilter, Views } from '../use-cases/views.ts'
import { type DecisionCollections, type DecisionDocument, NOT_HIDDEN, toDecision } from './documents.ts'

const DECISIONS_OF_ISSUE_MAX = 100
const NEWEST_FIRST = { field: 'decidedAt', direction: -1 } as const
const OLDEST_FIRST = { field: 'decidedAt', direction: 1 } as const

/** The queries of callers. None of them returns a decision that waits for a blind review. */
export function createMongoViews({ decisions }: Pick<DecisionCollections, 'decisions'>): Views {
  return {
    async findDecisions(ids) {
      const found = await decisions.find({ _id: { $in: [...ids] }, ...NOT_HIDDEN }).toArray()
      const byId = new Map(found.map((document) => [document._id, toDecision(document)]))
      return ids.map((id) => byId.get(id) ?? null)
    },
    async decisionsOf(issueIds) {
      const ofThem = { issueId: { $in: [...issueIds] }, ...NOT_HIDDEN }
      const found = decisions.find(ofThem).sort({ issueId: 1, decidedAt: 1 })
      const byIssue = new Map<string, StoredDecision[]>(issueIds.map((id) => [id, []]))
      for await (const document of found) {
        const ofIssue = byIssue.get(document.issueId)!
        if (ofIssue.length < DECISIONS_OF_ISSUE_MAX) ofIssue.push(toDecision(document))
      }
      return issueIds.map((id) => byIssue.get(id)!)
    },
    pagesOfIssues: (owners, page) =>
      readPages({
        ...{ collection: decisions, filter: NOT_HIDDEN, order: OLDEST_FIRST, page, toNode: toDecision },
        ...{ ownerField: 'issueId', owners },
      }),
    pageOfDecisions: (filter, page) =>
      readPage({
        collection: decisions,
        filter: { ...toConditions(filter), ...NOT_HIDDEN },
        order: NEWEST_FIRST,
        page,
        toNode: toDecision,
      }),
  }
}

const ANY_AGREEMENT = { $in: ['AGREED', 'MODIFIED', 'REJECTED'] as const }

function toConditions(filter: DecisionFilter): Filter<DecisionDocument> {
  const { issueId, action, routing, engine, fallback, digest, reviewed, from, to } = filter
  const { decidedAfter, decidedBefore: before } = filter
  return {
    ...(issueId != null && { issueId }),
    ...(action && { action: { $in: [...action] } }),
    ...(routing && { routing: { $in: [...routing] } }),
    ...(engine && { engine: { $in: [...engine] } }),
    ...(fallback != null && { fallback }),
    ...(digest != null && { 'policy.digest': digest }),
    // By one field of the review, which an index can hold.
    ...(reviewed != null && { 'review.agreement': reviewed ? ANY_AGREEMENT : null }),
    // There is always a bound, so that an index by time serves what no other one does, also where it is only counted.
    decidedAt: within({ from, to, after: decidedAfter ?? new Date(0), before })!,
  }
}
