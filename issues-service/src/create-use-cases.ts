import type { Clock } from '@redress/shared/time.ts'
import { createCreateCustomers } from './customers/create-customers.ts'
import type { BlindIndex, CustomersStore, PersonalDataStore } from './customers/ports.ts'
import { createReadPersonalData } from './customers/read-personal-data.ts'
import { createUpdateCustomer } from './customers/update-customer.ts'
import type { CreateId, EventLog } from './domain/ports.ts'
import type { DueHours } from './issues/domain/urgency.ts'
import { createClaims } from './issues/use-cases/claim-issue.ts'
import { createCreateIssue, createCreateIssues, createOpenIssues } from './issues/use-cases/create-issues.ts'
import { createFollowDecisions } from './issues/use-cases/follow-decisions.ts'
import type { IssuesStore } from './issues/use-cases/ports.ts'
import { createRetryIssue } from './issues/use-cases/retry-issue.ts'
import { createReviewIssue } from './issues/use-cases/review-issue.ts'
import { createCreateTransactions } from './transactions/create-transactions.ts'
import type { TransactionsStore } from './transactions/ports.ts'
import { createUpdateTransaction } from './transactions/update-transaction.ts'

type Dependencies = Readonly<{
  stores: Readonly<{
    issues: IssuesStore
    customers: CustomersStore
    transactions: TransactionsStore
    personalData: PersonalDataStore
    events: EventLog
    blindIndex: BlindIndex
  }>
  createId: CreateId
  dueHours: DueHours
  /** An issue is stuck that is PROCESSING for so long. */
  stuckAfterMs: number
  now: Clock
  /** Called after each transaction that may have stored events. */
  onCommit: () => void
}>

/** Everything that callers and events can ask this service to do. */
export function createUseCases({ stores, createId, dueHours, stuckAfterMs, now, onCommit }: Dependencies) {
  const { issues, customers, transactions, personalData, events, blindIndex } = stores
  const ofIssues = { store: issues, now, onCommit }
  const ofCustomers = { store: customers, blindIndex, now, onCommit }
  const ofTransactions = { store: transactions, blindIndex, now, onCommit }
  const openIssues = createOpenIssues({ ...ofIssues, blindIndex, dueHours, createId: () => `iss_${createId()}` })
  const createIssues = createCreateIssues(openIssues)
  const claims = createClaims({ ...ofIssues, createId })
  return {
    createIssues,
    createIssue: createCreateIssue(createIssues),
    reviewIssue: createReviewIssue(ofIssues),
    retryIssue: createRetryIssue({ ...ofIssues, stuckAfterMs }),
    claimIssue: claims.claim,
    releaseIssue: claims.release,
    followDecisions: createFollowDecisions({ now }),
    createCustomers: createCreateCustomers({ ...ofCustomers, createId: () => `cust_${createId()}` }),
    updateCustomer: createUpdateCustomer(ofCustomers),
    readPersonalData: createReadPersonalData({ personalData, events, createId, now }),
    createTransactions: createCreateTransactions({ ...ofTransactions, createId: () => `txn_${createId()}` }),
    updateTransaction: createUpdateTransaction(ofTransactions),
  }
}
