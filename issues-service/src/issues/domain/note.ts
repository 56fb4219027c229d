import { createHash } from 'node:crypto'
import { BadUserInputError, IdempotencyConflictError, refuseProblems } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause, DomainEvent } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { findCardInIdentifier } from '../../customers/customer-input.ts'
import { IssueArchivedError } from '../../domain/errors.ts'
import type { Issue } from './issue.ts'

/** Links of all notes of one issue. */
export const LINKS_MAX = 20

/** A link to a document elsewhere, which is never fetched. The title is masked. */
export type Attachment = Readonly<{ url: string; title: string }>

/** A note of a person about an issue, which never changes but is erased with the customer. */
export type Note = Readonly<{
  id: string
  tenant: string
  issueId: string
  customerId: string
  by: string
  /** Masked; null once it was erased. */
  text: string | null
  attachments: readonly Attachment[]
  createdAt: Date
}>

export type NoteInput = Readonly<{ text: string; attachments: readonly Attachment[]; idempotencyKey: string }>
export type NewNote = Readonly<{ note: Note; event: DomainEvent }>

/** Equal keys of two callers, or of two issues, are two notes. */
export function noteIdFor(issueId: string, { idempotencyKey }: NoteInput, { tenant, actor }: Cause): string {
  const parts = JSON.stringify([tenant, actor, issueId, idempotencyKey])
  return `note_${createHash('sha256').update(parts).digest('hex').slice(0, 32)}`
}

/** @throws BadUserInputError, IssueArchivedError */
export function writeNote(
  issue: Issue,
  input: NoteInput,
  { cause, now }: Readonly<{ cause: Cause; now: Date }>,
): NewNote {
  if (issue.archivedAt) throw new IssueArchivedError(issue.id)
  const id = noteIdFor(issue.id, input, cause)
  const { id: issueId, tenant, customerId } = issue
  const note = { ...{ id, tenant, issueId, customerId, by: cause.actor }, ...toStored(input), createdAt: now }
  const event = newEvent('issue.noted', {
    ...{ id: `${issueId}-${id}`, at: now, cause, entity: { type: 'Issue', id: issueId } },
    data: { customerId, noteId: id, attachments: note.attachments.length },
  })
  return { note, event }
}

/** The note that was written with a key before. An erased one can be compared no more. @throws IdempotencyConflictError */
export function repeatNote(note: Note, input: NoteInput): Note {
  const { text, attachments } = toStored(input)
  const same =
    note.text === null || JSON.stringify([text, attachments]) === JSON.stringify([note.text, note.attachments])
  if (!same) throw new IdempotencyConflictError(input.idempotencyKey)
  return note
}

function toStored({ text, attachments }: NoteInput): Pick<Note, 'text' | 'attachments'> {
  return { text: maskPersonal(text), attachments: attachments.map(toAttachment) }
}

function toAttachment({ url, title }: Attachment, index: number): Attachment {
  const path = ['attachments', String(index), 'url']
  const parsed = URL.parse(url)
  if (parsed?.protocol !== 'https:' || parsed.username !== '' || parsed.password !== '') {
    throw new BadUserInputError(path, 'must be an https URL without a user name')
  }
  refuseProblems(findCardInIdentifier(path, url))
  return { url: parsed.href, title: maskPersonal(title) }
}
