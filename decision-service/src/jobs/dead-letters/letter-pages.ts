import type { Connection, PageArguments } from '@redress/shared/connection.ts'
import { within } from '@redress/shared/stores/moments.ts'
import { readPage } from '@redress/shared/stores/pagination.ts'
import type { Filter } from 'mongodb'
import type { DeadLetter, DeadLetterState } from './dead-letter.ts'
import { type LetterCollection, type LetterDocument, toLetter } from './letter-documents.ts'

/** All that is given must hold; of a list, any value. `from` is included, `to` is not. */
export type LetterFilter = Readonly<{
  id?: readonly string[] | null
  kind?: DeadLetter['kind'] | null
  service?: readonly string[] | null
  type?: readonly string[] | null
  queue?: readonly string[] | null
  code?: readonly string[] | null
  state?: readonly DeadLetterState[] | null
  from?: Date | null
  to?: Date | null
}>

export type PageOfLetters = (filter: LetterFilter, page: PageArguments) => Promise<Connection<DeadLetter>>

const NEWEST_FIRST = { field: 'lastFailedAt', direction: -1 } as const

/** Dead letters by the moment of their last failure, newest first. */
export function createPageOfLetters(collection: LetterCollection): PageOfLetters {
  return (filter, page) =>
    readPage({ collection, filter: toQuery(filter), order: NEWEST_FIRST, page, toNode: toLetter })
}

const LISTS = ['service', 'type', 'queue', 'code', 'state'] as const

export function toQuery({ id, kind, from, to, ...lists }: LetterFilter): Filter<LetterDocument> {
  const ofLists = LISTS.flatMap((field) => (lists[field] ? [[field, { $in: [...lists[field]] }]] : []))
  return {
    ...(id && { _id: { $in: [...id] } }),
    ...(kind != null && { kind }),
    ...Object.fromEntries(ofLists),
    // There is always a bound, so that an index by time serves what is only counted.
    lastFailedAt: within({ from: from ?? null, to: to ?? null, after: new Date(0) })!,
  } as Filter<LetterDocument>
}
