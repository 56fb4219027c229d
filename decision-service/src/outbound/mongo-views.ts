import type { StoredDecision } from '../domain/stored-decision.ts'
import type { Views } from '../use-cases/views.ts'
import { type Collections, toDecision } from './documents.ts'

const DECISIONS_OF_ISSUE_MAX = 100

/** What callers read. */
export function createMongoViews({ decisions }: Collections): Views {
  return {
    async findDecisions(ids) {
      const found = await decisions.find({ _id: { $in: [...ids] } }).toArray()
      const byId = new Map(found.map((document) => [document._id, toDecision(document)]))
      return ids.map((id) => byId.get(id) ?? null)
    },
    async decisionsOf(issueIds) {
      const found = decisions.find({ issueId: { $in: [...issueIds] } }).sort({ issueId: 1, decidedAt: 1 })
      const byIssue = new Map<string, StoredDecision[]>(issueIds.map((id) => [id, []]))
      for await (const document of found) {
        const ofIssue = byIssue.get(document.issueId)!
        if (ofIssue.length < DECISIONS_OF_ISSUE_MAX) ofIssue.push(toDecision(document))
      }
      return issueIds.map((id) => byIssue.get(id)!)
    },
  }
}
