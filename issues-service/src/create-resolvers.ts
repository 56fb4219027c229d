import { createArchiveResolvers } from './archive/archive-resolvers.ts'
import { createCustomerResolvers } from './customers/customer-resolvers.ts'
import { createImportResolvers } from './imports/import-resolvers.ts'
import { createIssueResolvers } from './issues/inbound/issue-resolvers.ts'
import { createNoteResolvers } from './issues/inbound/note-resolvers.ts'
import { createReviewResolvers } from './issues/inbound/review-resolvers.ts'
import { createErasureResolvers } from './privacy/erasure-resolvers.ts'
import { createTransactionResolvers } from './transactions/transaction-resolvers.ts'

const SUBJECTS = [
  createIssueResolvers,
  createReviewResolvers,
  createNoteResolvers,
  createCustomerResolvers,
  createTransactionResolvers,
  createImportResolvers,
  createArchiveResolvers,
  createErasureResolvers,
] as const

type Dependencies = Parameters<typeof createIssueResolvers>[0] &
  Parameters<typeof createReviewResolvers>[0] &
  Parameters<typeof createNoteResolvers>[0] &
  Parameters<typeof createCustomerResolvers>[0] &
  Parameters<typeof createTransactionResolvers>[0] &
  Parameters<typeof createImportResolvers>[0] &
  Parameters<typeof createArchiveResolvers>[0] &
  Parameters<typeof createErasureResolvers>[0]

/** The resolvers of all subjects, each a part of the subgraph. */
export const createResolvers = (dependencies: Dependencies) =>
  SUBJECTS.map((create) => ({ resolvers: create(dependencies) }))
