import { type OfTenant, sameTenant } from '@redress/shared/access/tenant.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { readPages } from '@redress/shared/stores/pages.ts'
import type { ClientSession } from 'mongodb'
import { TooManyLinksError } from '../../domain/errors.ts'
import type { Collections, NoteDocument } from '../../stores/collections.ts'
import type { Views } from '../../views/views.ts'
import { LINKS_MAX, type Note } from '../domain/note.ts'
import type { IssuesTransaction } from '../use-cases/ports.ts'

const OLDEST_FIRST = { field: 'createdAt', direction: 1 } as const

const toNote = ({ _id: id, ...rest }: NoteDocument): Note => ({ id, ...rest })

type Scope = Readonly<{ outbox: Outbox; tenant: string; session: ClientSession }>
type Collected = Pick<Collections, 'issues' | 'notes'>

/** Reads and writes notes within a transaction. A writer of the same issue meanwhile is a conflict. */
export function createNotesTransaction(
  { issues, notes }: Collected,
  { outbox, tenant, session }: Scope,
): Pick<IssuesTransaction, 'findNote' | 'addNote'> {
  return {
    async findNote(id) {
      const found = await notes.findOne({ _id: id, ...sameTenant(tenant) }, { session })
      return found && toNote(found)
    },
    async addNote({ note: { id: _id, ...note }, event }) {
      const links = note.attachments.length
      // Written with every note, also without links: an issue that is archived meanwhile gets no note.
      const hasRoom = { _id: note.issueId, $nor: [{ links: { $gt: LINKS_MAX - links } }] }
      const { matchedCount } = await issues.updateOne(hasRoom, { $inc: { links } }, { session })
      if (matchedCount === 0) throw new TooManyLinksError(note.issueId, LINKS_MAX)
      await notes.insertOne({ _id, ...note }, { session })
      await outbox.add([event], session)
    },
  }
}

export function createNoteViews({ notes }: Pick<Collections, 'notes'>, ours: OfTenant): Pick<Views, 'pagesOfNotes'> {
  return {
    pagesOfNotes: (owners, page) =>
      readPages<NoteDocument, Note>({
        ...{ collection: notes, filter: ours, order: OLDEST_FIRST, page, toNode: toNote },
        ...{ ownerField: 'issueId', owners },
      }),
  }
}
