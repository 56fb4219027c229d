import type { MongoClient } from 'mongodb'
import { createMongoFiles, type FileCollections } from '../../jobs/files/mongo-files.ts'
import type { RecordCollection } from '../../jobs/records/record-document.ts'
import { createGenerateReport } from '../../jobs/reports/generate-report.ts'
import { createJobsReport, type ReadJobs } from '../../jobs/reports/jobs-report.ts'
import { createReadRecordedJobs } from '../../jobs/reports/recorded-jobs.ts'
import { createReadFacts } from '../analytics/mongo-decision-facts.ts'
import type { DecisionCollections } from '../outbound/documents.ts'
import { createDecisionsReport } from './decisions-report.ts'
import { createIssuesReport } from './issues-report.ts'
import { createReadDecisionJobs, createReadIssueFacts, createReadReviewFacts } from './mongo-report-facts.ts'
import { createReviewersReport } from './reviewers-report.ts'

type Stores = Readonly<{
  mongo: MongoClient
  collections: DecisionCollections & FileCollections & Readonly<{ jobRecords: RecordCollection }>
}>

/** The processor of `generate-report`. @param others reads jobs of subjects with records of their own. */
export function openReports({ mongo, collections }: Stores, others: readonly ReadJobs[]) {
  const { jobRecords } = collections
  const reports = {
    issues: createIssuesReport(createReadIssueFacts(collections)),
    decisions: createDecisionsReport(createReadFacts(collections)),
    reviewers: createReviewersReport(createReadReviewFacts(collections)),
    jobs: createJobsReport([createReadRecordedJobs(jobRecords), createReadDecisionJobs(collections), ...others]),
  }
  return createGenerateReport({ reports, files: createMongoFiles({ mongo, collections, now: () => new Date() }) })
}
