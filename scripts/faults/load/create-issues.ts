import { setTimeout as pause } from 'node:timers/promises'
import type { IssuePlan } from '../schedule/schedule.ts'
import type { Caller } from './caller.ts'
import type { Journal } from './journal.ts'
import { reviewIssue } from './review-issue.ts'

const CREATE = `mutation Create($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }`

/** Creates each issue at its moment, and reviews those that are certain to await a review. */
export async function createIssues(caller: Caller, plans: readonly IssuePlan[], journal: Journal): Promise<void> {
  await Promise.all(plans.map((plan) => createIssue(caller, plan, journal)))
}

async function createIssue(caller: Caller, plan: IssuePlan, journal: Journal): Promise<void> {
  await pause(plan.atMs, null, { signal: journal.signal })
  try {
    type Data = { createIssue: { issue: { id: string } } }
    const { createIssue } = await caller.insist<Data>('operator', CREATE, { input: toInput(plan) })
    journal.acknowledged.set(plan.key, createIssue.issue.id)
    if (plan.kind === 'dispute') await reviewIssue(caller, createIssue.issue.id, journal)
  } catch (error) {
    if (!journal.acknowledged.has(plan.key)) journal.lastRefusals.set(plan.key, String(error))
  }
}

function toInput({ key: idempotencyKey, kind }: IssuePlan) {
  if (kind === 'decline') {
    const details = { decline: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 } }
    return { idempotencyKey, customerId: 'cust_042', transactionId: 'txn_5521', details }
  }
  const details = { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 12 } }
  return { idempotencyKey, customerId: 'cust_217', transactionId: 'txn_6103', details }
}
