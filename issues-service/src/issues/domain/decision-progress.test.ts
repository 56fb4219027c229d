import type { DecisionMade, IssueStatus, Routing } from '@redress/shared/contracts.ts'
import { describe, expect, it } from 'vitest'
import { type DecisionProgress, followDecision } from './decision-progress.ts'
import type { Issue } from './issue.ts'

const now = new Date('2030-01-01T00:00:00Z')
const when = { payment: null, cause: { actor: 'redress:decisions', requestId: null, ip: null, tenant: 'default' }, now }
const issueThatIs = (status: IssueStatus): Issue => ({
  id: 'iss_1',
  tenant: 'default',
  externalId: null,
  status,
  priority: 'NORMAL',
  customerId: 'cust_1',
  transactionId: null,
  customerMessage: null,
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
  decisionId: null,
  resolution: null,
  failure: null,
  reviewClaim: null,
  assignee: null,
  urgentAt: now,
  statusHistory: [],
  // Like every PROCESSING, one version after the PENDING that asked for the decision.
  version: status === 'PENDING' ? 1 : 2,
  createdAt: now,
  updatedAt: now,
})
const awaited = { decisionId: 'dec_1-1' }
const decision = (routing: Routing): DecisionMade => ({
  issueId: 'iss_1',
  decisionId: 'dec_1-1',
  action: 'SEND_REMINDER',
  confidence: 85,
  routing,
  policyApplied: 'decline-policy §3',
})
const made = (routing: Routing): DecisionProgress => ({ ...awaited, kind: 'made', decision: decision(routing) })
const statusesOf = (status: IssueStatus, progress: DecisionProgress) =>
  followDecision(issueThatIs(status), progress, when).map(({ issue }) => issue.status)

describe('an issue that is being decided', () => {
  it('becomes PROCESSING when the work on it starts', () => {
    expect(statusesOf('PENDING', { ...awaited, kind: 'started' })).toEqual(['PROCESSING'])
  })

  it.for<[Routing, IssueStatus]>([
    ['AUTO_RESOLVE', 'RESOLVED'],
    ['HUMAN_REVIEW', 'AWAITING_REVIEW'],
    ['ESCALATE', 'AWAITING_REVIEW'],
  ])('with a decision routed %s becomes %s', ([routing, status]) => {
    expect(statusesOf('PROCESSING', made(routing))).toEqual([status])
  })

  it('passes through PROCESSING also when the decision overtakes its start', () => {
    expect(statusesOf('PENDING', made('AUTO_RESOLVE'))).toEqual(['PROCESSING', 'RESOLVED'])
  })

  it('has been PROCESSING since the decision was begun, where that was not announced', () => {
    const startedAt = '2030-01-01T00:00:00.250Z'
    const later = { ...when, now: new Date('2030-01-01T00:00:01Z') }
    const progress = { ...awaited, kind: 'made', decision: { ...decision('AUTO_RESOLVE'), startedAt } } as const

    const changes = followDecision(issueThatIs('PENDING'), progress, later)

    expect(changes.map(({ event }) => [(event.data as { to: string }).to, event.at])).toEqual([
      ['PROCESSING', startedAt],
      ['RESOLVED', '2030-01-01T00:00:01.000Z'],
    ])
  })

  it('is resolved by the decision only without a review', () => {
    const [auto] = followDecision(issueThatIs('PROCESSING'), made('AUTO_RESOLVE'), when)
    const [asked] = followDecision(issueThatIs('PROCESSING'), made('HUMAN_REVIEW'), when)

    expect(auto?.issue.resolution).toMatchObject({ action: 'SEND_REMINDER', by: 'redress:decisions' })
    expect(asked?.issue).toMatchObject({ resolution: null, decisionId: 'dec_1-1' })
  })

  it('with a blind review waits for a person and does not show the recommendation', () => {
    const blind = { issueId: 'iss_1', decisionId: 'dec_1-1', routing: 'HUMAN_REVIEW', blind: true } as const

    const [change] = followDecision(issueThatIs('PROCESSING'), { ...awaited, kind: 'made', decision: blind }, when)

    expect(change?.issue).toMatchObject({
      status: 'AWAITING_REVIEW',
      decisionId: 'dec_1-1',
      resolution: null,
      statusHistory: [{ reason: 'blind review' }],
    })
  })

  it('that cannot be decided becomes FAILED and keeps the reason', () => {
    const changes = followDecision(issueThatIs('PROCESSING'), { ...awaited, kind: 'failed', reason: 'no policy' }, when)

    expect(changes.map(({ issue }) => [issue.status, issue.failure])).toEqual([['FAILED', 'no policy']])
  })

  it.for<IssueStatus>(['AWAITING_REVIEW', 'RESOLVED', 'FAILED'])('and is already %s ignores late events', (status) => {
    expect(statusesOf(status, { ...awaited, kind: 'started' })).toEqual([])
    expect(statusesOf(status, made('AUTO_RESOLVE'))).toEqual([])
    expect(statusesOf(status, { ...awaited, kind: 'failed', reason: 'late' })).toEqual([])
  })

  it.for<IssueStatus>(['PENDING', 'PROCESSING'])('again and is %s ignores its first attempt', (status) => {
    const retried = { ...issueThatIs(status), version: status === 'PENDING' ? 4 : 5 }
    const follow = (progress: DecisionProgress) =>
      followDecision(retried, progress, when).map(({ issue }) => issue.status)

    expect(follow({ ...awaited, kind: 'started' })).toEqual([])
    expect(follow({ ...awaited, kind: 'failed', reason: 'late' })).toEqual([])
    expect(follow(made('AUTO_RESOLVE'))).toEqual([])
    expect(follow({ ...made('AUTO_RESOLVE'), decisionId: 'dec_1-4' }).at(-1)).toBe('RESOLVED')
  })
})
