import { type Connection, type PageArguments, perPage } from '@redress/shared/connection.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import DataLoader from 'dataloader'
import type { Customer, PersonalData, PersonalField } from '../customers/customer.ts'
import type { ReadPersonalData } from '../customers/read-personal-data.ts'
import type { Issue } from '../issues/domain/issue.ts'
import type { Note } from '../issues/domain/note.ts'
import type { Erasure } from '../privacy/erasure.ts'
import type { ErasuresStore } from '../privacy/ports.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { IssueFilter, IssueOwners, Views } from './views.ts'

/** A page of the issues of a customer, or of a payment, that fit a filter. */
export type IssuePage = PageArguments & Readonly<{ of: IssueOwners['field']; filter: IssueFilter }>

export type PersonalKey = Readonly<{ customerId: string; field: PersonalField }>

export type Loaders = Readonly<{
  erasures: DataLoader<string, Erasure | null>
  issues: DataLoader<string, Issue | null>
  customers: DataLoader<string, Customer | null>
  transactions: DataLoader<string, Transaction | null>
  transactionPages: (page: PageArguments) => DataLoader<string, Connection<Transaction>>
  notePages: (page: PageArguments) => DataLoader<string, Connection<Note>>
  issuePages: (page: IssuePage) => DataLoader<string, Connection<Issue>>
  /** Every read is audited, with the fields, once for each customer and request. */
  personalData: (cause: Cause) => DataLoader<PersonalKey, PersonalData[PersonalField] | null, string>
}>

type Sources = Readonly<{ views: Views; erasures: Pick<ErasuresStore, 'findAll'>; readPersonalData: ReadPersonalData }>

/** Loads entities of the tenant of `views` once per request, many in one query. */
export function createLoaders({ views, erasures, readPersonalData }: Sources): Loaders {
  let personalData: ReturnType<Loaders['personalData']> | null = null
  return {
    erasures: new DataLoader(erasures.findAll),
    issues: new DataLoader(views.findIssues),
    customers: new DataLoader(views.findCustomers),
    transactions: new DataLoader(views.findTransactions),
    transactionPages: perPage((page) => new DataLoader((ids) => views.pagesOfTransactions(ids, page))),
    notePages: perPage((page) => new DataLoader((ids) => views.pagesOfNotes(ids, page))),
    issuePages: perPage(
      ({ of: field, filter, ...page }: IssuePage) =>
        new DataLoader((ids) => views.pagesOfIssues({ field, ids }, filter, page)),
    ),
    personalData: (cause) => {
      personalData ??= new DataLoader(
        async (keys: readonly PersonalKey[]) => {
          const found = await readPersonalData(fieldsByCustomer(keys), cause)
          return keys.map(({ customerId, field }) => found.get(customerId)?.[field] ?? null)
        },
        { cacheKeyFn: ({ customerId, field }) => `${field} ${customerId}` },
      )
      return personalData
    },
  }
}

function fieldsByCustomer(keys: readonly PersonalKey[]): ReadonlyMap<string, ReadonlySet<PersonalField>> {
  const byCustomer = Map.groupBy(keys, ({ customerId }) => customerId)
  return new Map([...byCustomer].map(([id, ofOne]) => [id, new Set(ofOne.map(({ field }) => field))]))
}
