import {
  DEAD_EVENTS,
  EVENT_ALERTS,
  EVENT_LOG,
  EVENT_LOG_GROUPS,
  EVENT_POSITIONS,
  OUTBOX,
} from '@redress/shared/events/event-collections.ts'
import { type CollectionsOf, defineCollection } from '@redress/shared/stores/collections.ts'
import { DAY_SECONDS } from '@redress/shared/time.ts'
import type { AiBatchDocument } from './decisions/backlog/mongo-ai-batches.ts'
import type { DecisionDocument, FactDocument, JobDocument } from './decisions/outbound/documents.ts'
import type { AiSpendDocument } from './engines/model/mongo-ai-spend.ts'
import { QUEUE_SWITCHES } from './jobs/acts/switch-document.ts'
import { ANALYTICS_EVENTS } from './jobs/analytics/track-analytics.ts'
import { DEAD_LETTERS } from './jobs/dead-letters/letter-documents.ts'
import { FILE_CHUNKS, FILES } from './jobs/files/mongo-files.ts'
import { LIMIT_SAMPLES } from './jobs/limits/limit-samples.ts'
import type { SwitchDocument } from './jobs/limits/mongo-switches.ts'
import type { LimitsUseDocument } from './jobs/limits/open-limits.ts'
import { QUEUE_METRICS } from './jobs/monitoring/metric-document.ts'
import { QUEUE_ALERTS } from './jobs/monitoring/mongo-queue-alerts.ts'
import { IDEMPOTENCY_KEYS } from './jobs/orders/claims.ts'
import { JOB_RECORDS } from './jobs/records/record-document.ts'
import { QUEUE_EPOCHS } from './jobs/recovery/queue-epochs.ts'
import type { ScheduleDocument } from './jobs/schedules/mongo-schedules.ts'
import type { AutonomyDocument } from './oversight/mongo-autonomy.ts'
import type { PaymentDocument } from './payments/outbound/payment-documents.ts'
import type { RuleDocument } from './payments/rules/mongo-rules.ts'
import type {
  DeploymentDocument,
  HeadDocument,
  PolicyDocument,
  TrialDocument,
} from './policies/deployment/policy-documents.ts'
import type { RefusalDocument } from './policies/in-force/mongo-refusals.ts'
import type { BacktestDocument } from './policies/trials/backtest/mongo-backtests.ts'

/** A review that is not there has no agreement. */
const REVIEWED = { 'review.agreement': { $exists: true } }

/** Of all that a query by moment of the review finds. */
const HAS_REVIEW = { 'review.at': { $exists: true } }

/** Ended work is deleted after this. */
const ENDED_WORK = { field: 'endedAt', seconds: 90 * DAY_SECONDS, index: 'expiry' }

/**
 * Every collection of this service, and every index: each query has one, and each index of `decisions` and `jobs` slows
 * every decision down. Personal data is free text of a customer, masked before it comes here.
 */
export const COLLECTIONS = {
  decisions: defineCollection<DecisionDocument>({
    name: 'decisions',
    owner: 'case.customer.id',
    personalFields: ['case.message'],
    indexes: [
      // Issue.decision, Issue.decisions, and the latest case of a simulation.
      { key: { issueId: 1, decidedAt: 1 }, name: 'by_issue' },
      // Query.decisions. A filter by action, routing or engine walks this index: each of their values is frequent.
      { key: { decidedAt: 1, _id: 1 }, name: 'newest' },
      // Query.decisions of one version: there are many, and a version that was only tried decided nothing.
      { key: { 'policy.digest': 1, decidedAt: 1, _id: 1 }, name: 'newest_by_digest' },
      // Query.decisions with `reviewed: true`, or with `fallback: true`: both are rare.
      { key: { decidedAt: 1, _id: 1 }, name: 'newest_reviewed', partialFilterExpression: REVIEWED },
      { key: { decidedAt: 1, _id: 1 }, name: 'newest_fallback', partialFilterExpression: { fallback: true } },
      // The report of reviewer load. No decision enters it before its review.
      { key: { 'review.at': 1 }, name: 'latest_reviews', partialFilterExpression: HAS_REVIEW },
      // A backtest reads the decisions of one policy in the order in which they were made.
      { key: { 'policy.skill': 1, decidedAt: 1, _id: 1 }, name: 'by_skill' },
    ],
  }),
  // Read by ranges of the id, which begins with the moment of the decision.
  decisionFacts: defineCollection<FactDocument>({ name: 'decision_facts' }),
  jobs: defineCollection<JobDocument>({
    name: 'critical_jobs',
    owner: 'case.customer.id',
    personalFields: ['case.message'],
    indexes: [
      // The open jobs, and Query.jobs, which merges the jobs of each status.
      { key: { status: 1, createdAt: 1, _id: 1 }, name: 'by_status' },
      { key: { batchId: 1 }, name: 'by_batch', sparse: true },
    ],
    formerIndexes: ['oldest_by_status'],
    retention: ENDED_WORK,
  }),
  jobRecords: JOB_RECORDS,
  deadLetters: DEAD_LETTERS,
  analyticsEvents: ANALYTICS_EVENTS,
  files: FILES,
  fileChunks: FILE_CHUNKS,
  queueSwitches: QUEUE_SWITCHES,
  queueEpochs: QUEUE_EPOCHS,
  queueMetrics: QUEUE_METRICS,
  queueAlerts: QUEUE_ALERTS,
  idempotencyKeys: IDEMPOTENCY_KEYS,
  aiBatches: defineCollection<AiBatchDocument>({
    name: 'ai_batches',
    indexes: [{ key: { status: 1, createdAt: 1 }, name: 'oldest_by_status' }],
    retention: ENDED_WORK,
  }),
  // One document a day, kept for good.
  aiSpend: defineCollection<AiSpendDocument>({ name: 'ai_spend' }),
  policyHeads: defineCollection<HeadDocument>({ name: 'policies' }),
  policyVersions: defineCollection<PolicyDocument>({
    name: 'policy_versions',
    indexes: [{ key: { skill: 1, createdAt: -1, _id: -1 }, name: 'newest_by_skill' }],
  }),
  policyDeployments: defineCollection<DeploymentDocument>({
    name: 'policy_deployments',
    indexes: [
      { key: { skill: 1, effectiveFrom: -1, number: -1 }, name: 'latest_by_skill' },
      { key: { skill: 1, number: -1 }, name: 'acts_by_skill' },
    ],
  }),
  policyTrials: defineCollection<TrialDocument>({ name: 'policy_trials' }),
  policyRefusals: defineCollection<RefusalDocument>({ name: 'policy_refusals' }),
  backtests: defineCollection<BacktestDocument>({
    name: 'backtests',
    indexes: [
      { key: { status: 1, updatedAt: 1 }, name: 'silent_by_status' },
      { key: { createdAt: -1, _id: -1 }, name: 'newest' },
    ],
    retention: ENDED_WORK,
  }),
  autonomy: defineCollection<AutonomyDocument>({
    name: 'autonomy',
    indexes: [{ key: { suspended: 1, updatedAt: 1 }, name: 'latest_by_state' }],
  }),
  // Kept for good: the idempotency key of a payment never means another one.
  payments: defineCollection<PaymentDocument>({
    name: 'payment_decisions',
    owner: 'customerId',
    indexes: [
      { key: { customerId: 1, requestedAt: 1 }, name: 'recent_of_customer' },
      { key: { customerId: 1, payeeId: 1, verdict: 1 }, name: 'of_payee' },
      // All that the metrics read is in the index.
      { key: { decidedAt: -1, verdict: 1, durationMs: 1 }, name: 'newest' },
      // Query.paymentDecisions.
      { key: { decidedAt: -1, _id: -1 }, name: 'page' },
      { key: { customerId: 1, decidedAt: -1, _id: -1 }, name: 'page_of_customer' },
    ],
  }),
  // Of calls to providers.
  providerSwitches: defineCollection<SwitchDocument>({ name: 'provider_switches' }),
  limitSamples: LIMIT_SAMPLES,
  limitsUse: defineCollection<LimitsUseDocument>({ name: 'provider_limits' }),
  rules: defineCollection<RuleDocument>({ name: 'business_rules' }),
  schedules: defineCollection<ScheduleDocument>({ name: 'schedules' }),
  outbox: OUTBOX,
  eventLog: EVENT_LOG,
  eventLogGroups: EVENT_LOG_GROUPS,
  positions: EVENT_POSITIONS,
  eventAlerts: EVENT_ALERTS,
  deadEvents: DEAD_EVENTS,
}
export type Collections = CollectionsOf<typeof COLLECTIONS>
