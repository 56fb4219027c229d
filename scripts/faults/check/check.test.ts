import { describe, expect, it } from 'vitest'
import { findViolations } from './check.ts'
import type { Observation, SeenIssue } from './observation.ts'

const moves = (
  id: string,
  ...path: readonly string[]
): Pick<SeenIssue, 'status' | 'version' | 'statusHistory' | 'auditTrail'> => ({
  status: path.at(-1)!,
  version: path.length,
  statusHistory: path.map((to, index) => ({ from: path[index - 1] ?? null, to, at: `2026-01-0${index + 1}` })),
  auditTrail: path.map((_, index) => ({ id: `aud_${id}-${index + 1}`, action: 'issue.moved', sequence: 10 + index })),
})

const resolved: SeenIssue = {
  id: 'a',
  ...moves('a', 'PENDING', 'PROCESSING', 'RESOLVED'),
  failure: null,
  resolution: { by: 'redress:decisions' },
  decisions: [{ id: 'dec_a-1', engine: 'RULES', review: null }],
}
const reviewed: SeenIssue = {
  id: 'b',
  ...moves('b', 'PENDING', 'PROCESSING', 'AWAITING_REVIEW', 'RESOLVED'),
  failure: null,
  resolution: { by: 'ada' },
  decisions: [{ id: 'dec_b-1', engine: 'RULES', review: { action: 'ACCEPT_DISPUTE' } }],
}

const heard = (issueId: string, ...whats: readonly string[]) => whats.map((what) => ({ issueId, what, cursor: what }))
const HEARD = [
  ...heard('a', 'PENDING', 'PROCESSING', 'RESOLVED'),
  ...heard('b', 'PENDING', 'PROCESSING', 'AWAITING_REVIEW', 'RESOLVED'),
]
const follower = (events = HEARD, problems: readonly string[] = []) =>
  ({ name: 'ada', field: 'issueStatusChanged', heard: events, problems }) as const

const entries = (...entityIds: readonly string[]) => entityIds.map((entityId) => ({ entityId, digest: null }))
const NOTHING_RECORDED: Observation['recorded'] = {
  'decision.made': [],
  'decision.reviewed': [],
  'policy.published': [],
}
const RECORDED = {
  'decision.made': entries('dec_b-1', 'dec_a-1'),
  'decision.reviewed': entries('dec_b-1'),
  'policy.published': [{ entityId: 'decline-policy', digest: 'd1' }],
}
const withEntries = (change: Partial<Observation['recorded']>) => ({
  recorded: { ...NOTHING_RECORDED, ...RECORDED, ...change },
})

/** A run of two issues in which all is well. */
const WELL: Observation = {
  acknowledged: new Map([
    ['key-a', 'a'],
    ['key-b', 'b'],
  ]),
  refused: [],
  reviewed: new Set(['b']),
  failed: new Set(),
  retried: new Set(),
  publishedPolicies: ['d1'],
  poisons: [],
  issues: [resolved, reviewed],
  stored: { before: 5, after: 7 },
  chain: { valid: true, reason: null },
  analytics: { before: { decisions: 5, reviewed: 1 }, after: { decisions: 7, reviewed: 2 } },
  recorded: { ...NOTHING_RECORDED, ...RECORDED },
  poisonEntries: {},
  deadLetters: [],
  isReplayed: false,
  deployedPolicies: ['d1', 'd0'],
  followers: [
    follower(),
    {
      name: 'bob',
      field: 'decisionMade',
      heard: [...heard('b', 'dec_b-1'), ...heard('a', 'dec_a-1')],
      problems: [],
    },
  ],
}

const withA = (change: Partial<SeenIssue>): Partial<Observation> => ({ issues: [{ ...resolved, ...change }, reviewed] })
const withFollower = (events: typeof HEARD, problems?: readonly string[]) => ({
  followers: [follower(events, problems)],
})
const poisoned = (kind: Observation['poisons'][number]['kind']) =>
  ({ id: 'poison-1', kind, service: 'issues', tries: 1 }) as const
const letter = (group: string, entityId: string | null, isDead = true) => ({
  id: `${group} 1`,
  group,
  entityId,
  isDead,
})
const kindsOf = (change: Partial<Observation>) => findViolations({ ...WELL, ...change }).map(({ kind }) => kind)

describe('the checks of a run', () => {
  it('find nothing where all is well', () => {
    expect(findViolations(WELL)).toEqual([])
  })

  it.for<[string, Partial<Observation>, string]>([
    ['a key that was never acknowledged', { refused: [{ key: 'k', reason: 'INTERNAL' }] }, 'refused'],
    ['an acknowledged issue that is not stored', { issues: [reviewed], analytics: WELL.analytics }, 'lost issue'],
    ['a key that created two issues', { stored: { before: 5, after: 8 } }, 'doubled issue'],
    ['an issue that stays open', withA(moves('a', 'PENDING', 'PROCESSING')), 'not final'],
    ['an issue that failed', withA(moves('a', 'PENDING', 'FAILED')), 'failed'],
    ['a move that the table refuses', withA(moves('a', 'PENDING', 'RESOLVED')), 'broken history'],
    [
      'a move that was made twice',
      withA(moves('a', 'PENDING', 'PROCESSING', 'PENDING', 'PROCESSING', 'RESOLVED')),
      'broken history',
    ],
    ['a version that was skipped', withA({ version: 4 }), 'broken history'],
    ['a status without its move', withA({ status: 'AWAITING_REVIEW' }), 'broken history'],
    [
      'two decisions',
      withA({ decisions: [...resolved.decisions, { id: 'dec_a-2', engine: 'RULES', review: null }] }),
      'doubled decision',
    ],
    [
      'a decision that another move asked for',
      withA({ decisions: [{ id: 'dec_a-3', engine: 'RULES', review: null }] }),
      'doubled decision',
    ],
    ['a final issue without a decision', withA({ decisions: [] }), 'lost decision'],
    [
      'a review that took no effect',
      {
        reviewed: new Set(['b', 'c']),
        acknowledged: new Map([
          ['key-a', 'a'],
          ['key-b', 'b'],
          ['key-c', 'c'],
        ]),
        stored: { before: 5, after: 8 },
        issues: [
          resolved,
          reviewed,
          { ...resolved, id: 'c', ...moves('c', 'PENDING', 'PROCESSING', 'AWAITING_REVIEW'), decisions: [] },
        ],
      },
      'lost review',
    ],
    ['a move without an audit entry', withA({ auditTrail: resolved.auditTrail.slice(1) }), 'lost audit entry'],
    ['a decision without an audit entry', withEntries({ 'decision.made': entries('dec_a-1') }), 'lost audit entry'],
    ['a review without an audit entry', withEntries({ 'decision.reviewed': [] }), 'lost audit entry'],
    ['a published policy without an audit entry', withEntries({ 'policy.published': [] }), 'lost audit entry'],
    [
      'a move with two audit entries',
      withA({ auditTrail: [...resolved.auditTrail, resolved.auditTrail[1]!] }),
      'doubled audit entry',
    ],
    [
      'a decision with two audit entries',
      withEntries({ 'decision.made': entries('dec_a-1', 'dec_b-1', 'dec_a-1') }),
      'doubled audit entry',
    ],
    [
      'an issue that failed twice where one failure was a fault',
      {
        ...withA(moves('a', 'PENDING', 'FAILED', 'PENDING', 'FAILED', 'PENDING')),
        failed: new Set(['a']),
      },
      'failed',
    ],
    ['a retry that took no effect', { retried: new Set(['a']) }, 'lost retry'],
    ['a text that is no event and no dead letter', { poisons: [poisoned('text')] }, 'lost dead letter'],
    [
      'a text that is two dead letters of a group',
      { poisons: [poisoned('shape')], deadLetters: [letter('decisions', null), letter('decisions', null)] },
      'doubled dead letter',
    ],
    [
      'an unreadable event that is still tried again',
      { poisons: [poisoned('data')], deadLetters: [letter('decisions', 'poison-1', false)] },
      'lost dead letter',
    ],
    [
      'an event of an unknown type that was set aside',
      { poisons: [poisoned('type')], deadLetters: [letter('audit', 'poison-1')] },
      'doubled dead letter',
    ],
    ['an unreadable event without an audit entry', { poisons: [poisoned('type')] }, 'lost audit entry'],
    [
      'audit entries in another order',
      withA({ auditTrail: resolved.auditTrail.map((one, index) => ({ ...one, sequence: -index })) }),
      'audit order',
    ],
    ['a broken audit chain', { chain: { valid: false, reason: 'hash' } }, 'broken chain'],
    [
      'analytics that count a decision twice',
      { analytics: { before: WELL.analytics.before, after: { decisions: 8, reviewed: 2 } } },
      'analytics',
    ],
    [
      'analytics that miss a review',
      { analytics: { before: WELL.analytics.before, after: { decisions: 7, reviewed: 1 } } },
      'analytics',
    ],
    ['a published policy that is not in force', { deployedPolicies: ['d0'] }, 'lost policy'],
    ['an event that a subscriber missed', withFollower(HEARD.slice(0, -1)), 'lost event'],
    ['an event that a subscriber received twice', withFollower([...HEARD, HEARD[0]!]), 'doubled event'],
    ['events of an issue in another order', withFollower([HEARD[1]!, HEARD[0]!, ...HEARD.slice(2)]), 'event order'],
    ['an event that can only come too late', withFollower(HEARD.toSpliced(1, 1)), 'event order'],
    ['an event of another run', withFollower([...HEARD, ...heard('old', 'PENDING')]), 'foreign event'],
    ['a subscription that was refused', withFollower(HEARD, ['CURSOR_EXPIRED: …']), 'subscription'],
  ])('find %s', ([, change, kind]) => {
    expect(kindsOf(change)).toContain(kind)
  })

  it('do not mind in which order events of different issues arrive', () => {
    expect(kindsOf(withFollower([...HEARD.slice(3), ...HEARD.slice(0, 3)]))).toEqual([])
  })

  it('do not mind an issue that a fault has let fail, once it was retried and decided', () => {
    const retried = moves('a', 'PENDING', 'PROCESSING', 'FAILED', 'PENDING', 'PROCESSING', 'RESOLVED')
    const decisions = [{ id: 'dec_a-4', engine: 'RULES', review: null }]
    const change = {
      ...withA({ ...retried, decisions }),
      ...withEntries({ 'decision.made': entries('dec_a-4', 'dec_b-1') }),
      followers: [],
    }

    expect(kindsOf({ ...change, failed: new Set(['a']), retried: new Set(['a']) })).toEqual([])
  })

  it('do not mind an unreadable event that waits again because it was replayed', () => {
    const change = {
      poisons: [poisoned('data')],
      deadLetters: [letter('decisions', 'poison-1', false)],
      poisonEntries: { 'poison-1': 1 },
    }

    expect(kindsOf({ ...change, isReplayed: true })).toEqual([])
  })

  it('do not mind events about what a fault has invented', () => {
    expect(kindsOf(withFollower([...HEARD, ...heard('poison-1', 'PENDING')]))).toEqual([])
  })
})
