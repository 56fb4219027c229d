import type { PageArguments } from '@redress/shared/connection.ts'
import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import type { ById, Context } from '../../views/find-visible.ts'
import type { Issue } from '../domain/issue.ts'
import type { Attachment, Note } from '../domain/note.ts'
import type { AddNote } from '../use-cases/add-note.ts'

type NoteArguments = ById &
  Readonly<{ text: string; attachments?: readonly Attachment[] | null; idempotencyKey: string }>

/** The resolvers of the notes of people about issues. */
export function createNoteResolvers({ addNote }: Readonly<{ addNote: AddNote }>) {
  return {
    Mutation: {
      addIssueNote: async (_: unknown, { id, attachments, ...input }: NoteArguments, context: Context) => ({
        note: await addNote({ issueId: id, ...input, attachments: attachments ?? [], cause: causeOf(context) }),
      }),
    },
    Issue: {
      notes: ({ id }: Issue, page: PageArguments, { loaders }: Context) => loaders.notePages(page).load(id),
    },
    IssueNote: { at: ({ createdAt }: Note) => createdAt },
  }
}
