import { type EraseTexts, withoutCustomerMessage } from '@redress/shared/events/confirm-erasures.ts'
import { pack, unpack } from '../../jobs/records/stored-json.ts'
import { jobIdFor } from '../domain/job.ts'
import type { DecisionCollections } from './documents.ts'

/** Stands for what a model wrote about a case, which may repeat what the customer wrote. */
const ERASED = '[erased]'

/** Erases the customer's messages of issues from jobs, decisions and dead letters, and what models wrote about them. */
export function createEraseTexts({ jobs, decisions, deadLetters }: DecisionCollections): EraseTexts {
  return async (issueIds, session) => {
    const ofIssues = { issueId: { $in: [...issueIds] } }
    await decisions.updateMany(ofIssues, { $unset: { 'case.message': 1 } }, { session })
    await decisions.updateMany({ ...ofIssues, model: { $gt: '' } }, { $set: { reasoning: ERASED } }, { session })
    const ofEachIssue = issueIds.map((issueId) => {
      // All jobs of an issue: their ids begin with it. `:` is the character after the digits.
      const first = jobIdFor(`${issueId}-`)
      const filter = { _id: { $gte: first, $lt: `${first}:` } }
      return { updateMany: { filter, update: { $unset: { 'case.message': 1 as const } } } }
    })
    await jobs.bulkWrite(ofEachIssue, { session, ordered: false })
    const ofEvents = { 'event.subject.id': { $in: [...issueIds] } }
    for (const { _id, payload } of await deadLetters.find(ofEvents, { session }).toArray()) {
      const erased = pack(withoutCustomerMessage(unpack(payload)))
      await deadLetters.updateOne({ _id }, { $set: { payload: erased } }, { session })
    }
  }
}
