import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { CustomerErasedError, IssueNotFoundError } from '../../domain/errors.ts'
import { type Note, type NoteInput, noteIdFor, repeatNote, writeNote } from '../domain/note.ts'
import type { IssuesStore } from './ports.ts'

export type AddNoteCommand = NoteInput & Readonly<{ issueId: string; cause: Cause }>
/** @throws IssueNotFoundError, IssueArchivedError, CustomerErasedError, TooManyLinksError, IdempotencyConflictError, BadUserInputError */
export type AddNote = (command: AddNoteCommand) => Promise<Note>

type Dependencies = Readonly<{ store: IssuesStore; now: Clock; onCommit: () => void }>

/** Adds a note to an issue, once for each key. */
export function createAddNote({ store, now, onCommit }: Dependencies): AddNote {
  return async ({ issueId, cause, ...input }) => {
    const added = await store.transact(cause.tenant, async (transaction) => {
      const issue = (await transaction.findIssues([issueId])).get(issueId)
      if (!issue) throw new IssueNotFoundError(issueId)
      const before = await transaction.findNote(noteIdFor(issueId, input, cause))
      if (before !== null) return repeatNote(before, input)
      const at = now()
      const change = writeNote(issue, input, { cause, now: at })
      const owner = (await transaction.findCustomers([issue.customerId], at)).get(issue.customerId)
      if (owner?.customer.erasedAt) throw new CustomerErasedError(issue.customerId)
      await transaction.addNote(change)
      return change.note
    })
    onCommit()
    return added
  }
}
