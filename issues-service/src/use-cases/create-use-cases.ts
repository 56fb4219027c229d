import type { Clock } from '@redress/shared/time.ts'
import type { DueHours } from '../domain/urgency.ts'
import { createClaims } from './claim-issue.ts'
import { createCreateCustomers } from './create-customers.ts'
import { createCreateIssue, createCreateIssues } from './create-issues.ts'
import { createCreateTransactions } from './create-transactions.ts'
import { createFollowDecisions } from './follow-decisions.ts'
import type {
  BlindIndex,
  CreateId,
  CustomersStore,
  EventLog,
  IssuesStore,
  PersonalDataStore,
  TransactionsStore,
} from './ports.ts'
import { createReadPersonalData } from './read-personal-data.ts'
import { createRetryIssue } from './retry-issue.ts'
import { createReviewIssue } from './review-issue.ts'
import { createUpdateCustomer } from './update-customer.ts'
import { createUpdateTransaction } from './update-transaction.ts'

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
  const createIssues = createCreateIssues({ ...ofIssues, dueHours, createId: () => `iss_${createId()}` })
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
