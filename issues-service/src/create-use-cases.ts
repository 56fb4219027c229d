import type { Clock } from '@redress/shared/time.ts'
import { createArchive } from './archive/archive-issues.ts'
import type { ArchiveStore } from './archive/ports.ts'
import { createCreateCustomers } from './customers/create-customers.ts'
import type { BlindIndex, CustomersStore, PersonalDataStore } from './customers/ports.ts'
import { createReadPersonalData } from './customers/read-personal-data.ts'
import { createUpdateCustomer } from './customers/update-customer.ts'
import type { CreateId, EventLog } from './domain/ports.ts'
import { createImportRows, createRehearseRows } from './imports/import-rows.ts'
import type { ImportsStore, JoinedStores } from './imports/ports.ts'
import type { DueHours } from './issues/domain/urgency.ts'
import { createAddNote } from './issues/use-cases/add-note.ts'
import { createAssignIssue } from './issues/use-cases/assign-issue.ts'
import { createClaims } from './issues/use-cases/claim-issue.ts'
import { createCreateIssue, createCreateIssues, createOpenIssues } from './issues/use-cases/create-issues.ts'
import { createFollowDecisions } from './issues/use-cases/follow-decisions.ts'
import type { IssuesStore } from './issues/use-cases/ports.ts'
import { createRetryIssue } from './issues/use-cases/retry-issue.ts'
import { createReviewIssue } from './issues/use-cases/review-issue.ts'
import { createEraseCustomer } from './privacy/erase-customer.ts'
import type { ErasuresStore } from './privacy/ports.ts'
import { createCreateTransactions } from './transactions/create-transactions.ts'
import type { TransactionsStore } from './transactions/ports.ts'
import { createUpdateTransaction } from './transactions/update-transaction.ts'

type Dependencies = Readonly<{
  stores: Readonly<{
    issues: IssuesStore
    customers: CustomersStore
    transactions: TransactionsStore
    imports: ImportsStore
    personalData: PersonalDataStore
    events: EventLog
    archive: ArchiveStore
    erasures: ErasuresStore
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
export function createUseCases(dependencies: Dependencies) {
  const { stores, createId, stuckAfterMs, now, onCommit } = dependencies
  const { issues, customers, transactions, imports, personalData, events, erasures, blindIndex, archive } = stores
  const ofIssues = { store: issues, now, onCommit }
  const ofCustomers = { store: customers, blindIndex, now, onCommit }
  const creatorsOn = createCreators(dependencies)
  const creators = creatorsOn(stores)
  const ofImports = { store: imports, creatorsOn, now, onCommit }
  const createIssues = createCreateIssues(creators.ISSUES)
  const claims = createClaims({ ...ofIssues, createId })
  return {
    createIssues,
    createIssue: createCreateIssue(createIssues),
    reviewIssue: createReviewIssue(ofIssues),
    retryIssue: createRetryIssue({ ...ofIssues, stuckAfterMs }),
    claimIssue: claims.claim,
    releaseIssue: claims.release,
    assignIssue: createAssignIssue({ ...ofIssues, createId }),
    addNote: createAddNote(ofIssues),
    followDecisions: createFollowDecisions({ now }),
    createCustomers: creators.CUSTOMERS,
    updateCustomer: createUpdateCustomer(ofCustomers),
    ...createReadPersonalData({ personalData, events, createId, now }),
    createTransactions: creators.PAYMENTS,
    updateTransaction: createUpdateTransaction({ store: transactions, now, onCommit }),
    creatorsOn,
    importRows: createImportRows(ofImports),
    rehearseRows: createRehearseRows(ofImports),
    archive: createArchive({ store: archive, createId: () => `arc_${createId()}`, now, onCommit }),
    eraseCustomer: createEraseCustomer({ store: erasures, now, onCommit }),
  }
}

/** Creates entities in the stores that are given, which may belong to a transaction. */
function createCreators({ stores: { blindIndex }, createId, dueHours, now, onCommit }: Dependencies) {
  const named = (prefix: string) => ({ blindIndex, now, onCommit, createId: () => `${prefix}_${createId()}` })
  return ({ customers, transactions, issues }: JoinedStores) => ({
    CUSTOMERS: createCreateCustomers({ ...named('cust'), store: customers }),
    PAYMENTS: createCreateTransactions({ ...named('txn'), store: transactions }),
    ISSUES: createOpenIssues({ ...named('iss'), dueHours, store: issues }),
  })
}
