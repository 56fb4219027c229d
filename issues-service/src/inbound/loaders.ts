import { type Connection, type PageArguments, perPage } from '@redress/shared/connection.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import DataLoader from 'dataloader'
import type { Customer, PersonalData } from '../domain/customer.ts'
import type { Issue } from '../domain/issue.ts'
import type { Transaction } from '../domain/transaction.ts'
import type { ReadPersonalData } from '../use-cases/read-personal-data.ts'
import type { IssueFilter, Views } from '../use-cases/views.ts'

/** A page of the issues of a customer that fit a filter. */
export type IssuePage = PageArguments & Readonly<{ filter: IssueFilter }>

export type Loaders = Readonly<{
  issues: DataLoader<string, Issue | null>
  customers: DataLoader<string, Customer | null>
  transactions: DataLoader<string, Transaction | null>
  transactionPages: (page: PageArguments) => DataLoader<string, Connection<Transaction>>
  issuePages: (page: IssuePage) => DataLoader<string, Connection<Issue>>
  /** Every read is audited, once per customer and request. */
  personalData: (cause: Cause) => DataLoader<string, PersonalData | null>
}>

/** Loads entities once per request, many in one query. */
export function createLoaders(views: Views, readPersonalData: ReadPersonalData): Loaders {
  let personalData: DataLoader<string, PersonalData | null> | null = null
  return {
    issues: new DataLoader(views.findIssues),
    customers: new DataLoader(views.findCustomers),
    transactions: new DataLoader(views.findTransactions),
    transactionPages: perPage((page) => new DataLoader((ids) => views.pagesOfTransactions(ids, page))),
    issuePages: perPage(
      ({ filter, ...page }: IssuePage) => new DataLoader((ids) => views.pagesOfIssues(ids, filter, page)),
    ),
    personalData: (cause) => {
      personalData ??= new DataLoader(async (ids) => {
        const found = await readPersonalData(ids, cause)
        return ids.map((id) => found.get(id) ?? null)
      })
      return personalData
    },
  }
}
