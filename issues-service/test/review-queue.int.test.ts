import { forgetMigrations } from '@redress/shared/stores/migrations/ledger.ts'
import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import type { IssueInput } from '../src/issues/domain/issue-input.ts'
import { made, NOW, openIssue, openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
let clock = NOW
const service = await openService({ mongo, db, now: () => clock })
const url = await serveService(service)
const person = (id: string, role: 'reviewer' | 'admin' = 'reviewer') => tokenOf({ ...withRole(role), id })
const [ann, bob, admin, readOnly] = [
  await person('ann'),
  await person('bob'),
  await person('root', 'admin'),
  await tokenOf(withRole('read_only')),
]

/** An issue that waits for a person. */
async function waiting(change: Partial<IssueInput> = {}): Promise<string> {
  const { id } = await openIssue(service, { transactionId: null, ...change })
  await service.followDecisions([made(id, { routing: 'HUMAN_REVIEW' })])
  return id
}
const refund = (amount: number): Partial<IssueInput> => ({
  details: {
    type: 'REFUND_REQUEST',
    reason: 'DEFECTIVE',
    daysSincePurchase: 9,
    partialAmount: { amount, currency: 'USD' },
  },
})
const codesOf = ({ errors }: { errors: readonly { extensions: { code: string } }[] }) =>
  errors.map(({ extensions }) => extensions.code)
const claim = (id: string, token: string) =>
  ask(url, {
    query: 'mutation ($id: ID!) { claimIssue(id: $id) { issue { version claim { by until } } } }',
    variables: { id },
    token,
  })
const release = (id: string, token: string) =>
  ask(url, {
    query: 'mutation ($id: ID!) { releaseIssue(id: $id) { issue { claim { by } } } }',
    variables: { id },
    token,
  })
const assign = (id: string, to: string | null, token: string, reason = 'on leave') =>
  ask(url, {
    query: `mutation ($id: ID!, $to: String, $reason: String!) { assignIssue(id: $id, to: $to, reason: $reason) {
      issue { version assignee claim { by } } } }`,
    variables: { id, to, reason },
    token,
  })
const REVIEW = `mutation ($inputs: [ReviewIssueInput!]!) { reviewIssues(inputs: $inputs) {
  reviewed failed results { index issue { status claim { by } } error { code path } } } }`
const review = async (token: string, ...inputs: readonly object[]) =>
  (await ask(url, { query: REVIEW, variables: { inputs }, token })).data.reviewIssues
const deny = (issueId: string) => ({ issueId, action: 'DENY_REFUND' })
const LIST = `query ($filter: IssueFilter, $available: Boolean! = false, $first: Int, $after: String) {
  reviewQueue(filter: $filter, available: $available, first: $first, after: $after) {
    nodes { id dueAt overdue } totalCount pageInfo { endCursor } } }`
const queue = async (variables: object = {}, token = readOnly) =>
  (await ask(url, { query: LIST, variables, token })).data.reviewQueue
const idsOf = ({ nodes }: { nodes: readonly { id: string }[] }) => nodes.map(({ id }) => id)

describe('a note', () => {
  const ADD = `mutation ($id: ID!, $text: String!, $attachments: [NoteAttachmentInput!], $idempotencyKey: String!) {
    addIssueNote(id: $id, text: $text, attachments: $attachments, idempotencyKey: $idempotencyKey) {
      note { id text by attachments { url title } } } }`
  const NOTES = `query ($id: ID!, $after: String) { issue(id: $id) {
    notes(first: 1, after: $after) { nodes { id text by } totalCount pageInfo { endCursor hasNextPage } } } }`
  const link = { url: 'https://files.example.org/scan?id=7', title: 'Scan of jane@example.org' }
  const add = (id: string, change: object = {}, token = ann) =>
    ask(url, { query: ADD, variables: { id, text: 'called', idempotencyKey: 'k1', ...change }, token: token! })
  const notesOf = (id: string, after: string | null = null, token = readOnly) =>
    ask(url, { query: NOTES, variables: { id, after }, token: token! })

  it('is kept once for its key, masked, with links, in the order of time, and not in its event', async () => {
    const id = await waiting()
    const first = await add(id, { text: 'mail jane@example.org', attachments: [link] })
    clock = new Date(clock.getTime() + 1_000)
    expect((await add(id, { text: 'mail jane@example.org', attachments: [link] })).data).toEqual(first.data)
    expect(codesOf(await add(id, { text: 'else' }))).toEqual(['IDEMPOTENCY_CONFLICT'])
    await add(id, {}, bob)

    const { note } = first.data.addIssueNote
    const attachments = [{ ...link, title: 'Scan of [email]' }]
    expect(note).toEqual({ id: note.id, text: 'mail [email]', by: 'ann', attachments })
    const page = (await notesOf(id)).data.issue.notes
    expect(page).toMatchObject({ nodes: [{ id: note.id }], totalCount: 2, pageInfo: { hasNextPage: true } })
    const next = (await notesOf(id, page.pageInfo.endCursor)).data.issue.notes
    expect(next).toMatchObject({ nodes: [{ text: 'called', by: 'bob' }], pageInfo: { hasNextPage: false } })
    const noted = (await service.eventsOf(id)).filter(({ type }) => type === 'issue.noted')
    expect(noted).toHaveLength(2)
    expect(noted[0]).toMatchObject({ actor: 'ann', data: { noteId: note.id, attachments: 1 } })
    expect(JSON.stringify(noted)).not.toMatch(/mail|Scan|files|called/)
  })

  it.for([
    ['http://files.example.org'],
    ['https://ada:secret@files.example.org'],
    ['no url'],
    ['javascript:alert(1)'],
    ['https://files.example.org/4242424242424242'],
  ])('with the link %s is refused, and nothing is written', async ([refused]) => {
    const id = await waiting()

    const answer = await add(id, { attachments: [link, { ...link, url: refused }] })

    expect(answer.errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      argumentPath: ['attachments', '1', 'url'],
    })
    expect((await notesOf(id)).data.issue.notes.totalCount).toBe(0)
  })

  it('cannot give an issue more than 20 links, also of several at once', async () => {
    const id = await waiting()

    const answers = await Promise.all(
      ['a', 'b', 'c'].map((idempotencyKey) => add(id, { idempotencyKey, attachments: Array(10).fill(link) })),
    )

    expect(answers.flatMap(codesOf)).toEqual(['BAD_USER_INPUT'])
    expect((await notesOf(id)).data.issue.notes.totalCount).toBe(2)
    expect(codesOf(await add(id, { idempotencyKey: 'd' }))).toEqual([])
  })

  it('needs the permission to review, and is hidden from the customer', async () => {
    const id = await waiting()

    expect(codesOf(await add(id, {}, readOnly))).toEqual(['FORBIDDEN'])
    expect(codesOf(await notesOf(id, null, await tokenOf(withRole('customer', 'cust_1'))))).toEqual(['FORBIDDEN'])
    expect(codesOf(await add('iss_none'))).toEqual(['ISSUE_NOT_FOUND'])
  })

  it('stays with an issue that is archived, which gets no more', async () => {
    const id = await waiting()
    await add(id)
    const { issues, archivedIssues } = service.collections
    const document = (await issues.findOneAndDelete({ _id: id }))!
    await archivedIssues.insertOne({ ...document, archivedAt: NOW })

    expect((await notesOf(id)).data.issue.notes.totalCount).toBe(1)
    expect(codesOf(await add(id, { idempotencyKey: 'k2' }))).toEqual(['CONFLICT'])
  })
})

describe('the case of a payment', () => {
  const OPEN = `mutation ($input: OpenPaymentCaseInput!) { openPaymentCase(input: $input) { issue { id } } }`
  const READ = `query ($id: ID!) { issue(id: $id) { status version
    paymentCase { amount { amount currency } payeeId decision { __typename id } } } }`
  const amount = { amount: 90_000, currency: 'USD' }
  const input = { customerId: 'cust_1', payeeId: 'payee_1', amount, priority: 'NORMAL', errorCode: 'CARD_DECLINED' }
  const openCase = async (paymentId: string): Promise<string> =>
    (await ask(url, { query: OPEN, variables: { input: { ...input, paymentId } }, token: admin! })).data.openPaymentCase
      .issue.id
  const read = (id: string, token = readOnly) => ask(url, { query: READ, variables: { id }, token })

  it('carries payment, payee and amount, and is as urgent as its amount', async () => {
    const id = await openCase('pay_carries')

    expect((await read(id)).data.issue.paymentCase).toEqual({
      ...{ amount, payeeId: 'payee_1' },
      decision: { __typename: 'PaymentDecision', id: 'pay_carries' },
    })
    const { urgentAt, createdAt } = (await service.collections.issues.findOne({ _id: id }))!
    // 5 digits of the 72 hours of NORMAL.
    expect(urgentAt!.getTime() - createdAt.getTime()).toBe(36 * 3_600_000)
    expect(await openCase('pay_carries')).toBe(id)
  })

  it('is hidden from the customer, as all payment decisions are', async () => {
    const id = await openCase('pay_hidden')

    const answer = await read(id, await tokenOf(withRole('customer', 'cust_1')))

    expect(codesOf(answer)).toEqual(['FORBIDDEN'])
    expect(answer.data.issue.paymentCase).toBeNull()
  })

  it('waits for a person, even where a decision about it needs none, and names the payment when it is reviewed', async () => {
    const id = await openCase('pay_reviewed')
    await service.followDecisions([made(id, { routing: 'AUTO_RESOLVE' })])
    expect((await read(id)).data.issue.status).toBe('AWAITING_REVIEW')

    expect(await review(ann, { issueId: id, action: 'RETRY_PAYMENT' })).toMatchObject({ reviewed: 1 })

    expect((await service.eventsOf(id)).at(-1)).toMatchObject({
      data: { to: 'RESOLVED', review: { action: 'RETRY_PAYMENT', paymentId: 'pay_reviewed' } },
    })
  })

  it('is no part of any other issue', async () => {
    const id = await waiting(refund(9))
    expect((await read(id)).data.issue.paymentCase).toBeNull()

    await review(ann, deny(id))

    expect((await service.eventsOf(id)).at(-1)?.data).toMatchObject({ review: { action: 'DENY_REFUND' } })
    expect((await service.eventsOf(id)).at(-1)?.data).not.toHaveProperty('review.paymentId')
  })
})

describe('the queue of people', () => {
  it('has the most urgent first: by due time, which money brings forward, and age in the end', async () => {
    clock = new Date('2031-01-01T00:00:00Z')
    const small = await waiting(refund(9))
    const large = await waiting(refund(90_000))
    const critical = await waiting({ ...refund(9), priority: 'CRITICAL' })
    clock = new Date('2031-01-03T00:00:00Z')
    const later = await waiting(refund(90_000))
    const filter = { from: '2031-01-01T00:00:00Z', to: '2031-01-04T00:00:00Z' }

    const seen: string[] = []
    let after: string | null = null
    for (let page = 0; page < 4; page++) {
      const answer = await queue({ filter, first: 1, after })
      seen.push(...idsOf(answer))
      after = answer.pageInfo.endCursor
    }

    // Small: due after 72 h, a tenth less. Later: half of 72 h from the third day on.
    expect(seen).toEqual([critical, large, small, later])
  })

  it('leaves an issue when it is reviewed, and has no other ones', async () => {
    clock = new Date('2032-01-01T00:00:00Z')
    const id = await waiting()
    await openIssue(service, { transactionId: null })
    const filter = { from: '2032-01-01T00:00:00Z', to: '2032-01-02T00:00:00Z' }

    expect(idsOf(await queue({ filter }))).toEqual([id])
    await review(ann, deny(id))
    expect((await queue({ filter })).totalCount).toBe(0)
  })

  it('leaves out what another person has claimed, as long as the claim lasts', async () => {
    clock = new Date('2033-01-01T00:00:00Z')
    const id = await waiting()
    const filter = { from: '2033-01-01T00:00:00Z', to: '2033-01-02T00:00:00Z' }
    await claim(id, ann)
    const available = async (token: string) => idsOf(await queue({ filter, available: true }, token))

    expect([await available(ann), await available(bob)]).toEqual([[id], []])
    clock = new Date('2033-01-01T00:15:00Z')
    expect(await available(bob)).toEqual([id])
  })

  it('is not filtered by status', async () => {
    expect(
      codesOf(await ask(url, { query: LIST, variables: { filter: { status: ['PENDING'] } }, token: readOnly })),
    ).toEqual(['BAD_USER_INPUT'])
  })
})

describe('a claim', () => {
  it('keeps the issue for one person for 15 minutes, and leaves its version', async () => {
    clock = new Date('2034-01-01T00:00:00Z')
    const id = await waiting()

    const { data } = await claim(id, ann)
    const refused = [await claim(id, bob), await release(id, bob)].map(codesOf)

    expect(data.claimIssue.issue).toEqual({ version: 3, claim: { by: 'ann', until: '2034-01-01T00:15:00.000Z' } })
    expect(refused).toEqual([['ISSUE_CLAIMED'], ['ISSUE_CLAIMED']])
    expect((await review(bob, deny(id))).results[0].error.code).toBe('ISSUE_CLAIMED')
    expect((await review(ann, { ...deny(id), version: 3 })).results[0].issue).toEqual({
      status: 'RESOLVED',
      claim: null,
    })
  })

  it('of two people at once is that of one', async () => {
    const id = await waiting()

    const answers = await Promise.all([claim(id, ann), claim(id, bob)])

    expect(answers.flatMap(codesOf)).toEqual(['ISSUE_CLAIMED'])
  })

  it('is given back by its owner, or by an admin, who may review what is claimed as well', async () => {
    const [first, second, third] = [await waiting(), await waiting(), await waiting()]
    for (const id of [first, second, third]) await claim(id, ann)

    await release(first, ann)
    await release(second, admin)

    expect(codesOf(await claim(first, bob))).toEqual([])
    expect(codesOf(await claim(second, bob))).toEqual([])
    expect((await review(admin, deny(third))).reviewed).toBe(1)
  })

  it('is made only of an issue that awaits a review', async () => {
    const { id } = await openIssue(service, { transactionId: null })

    expect([codesOf(await claim(id, ann)), codesOf(await claim('iss_none', ann))]).toEqual([
      ['INVALID_TRANSITION'],
      ['ISSUE_NOT_FOUND'],
    ])
  })

  it('and its return are on record', async () => {
    const id = await waiting()
    await claim(id, ann)
    await release(id, ann)
    await release(id, ann)

    const acts = (await service.eventsOf(id)).filter(
      ({ type }) => type === 'issue.claimed' || type === 'issue.released',
    )
    expect(acts.map(({ type, actor }) => [type, actor])).toEqual([
      ['issue.claimed', 'ann'],
      ['issue.released', 'ann'],
    ])
  })
})

describe('reviews of several issues', () => {
  it('each succeed or fail on their own', async () => {
    const [one, two] = [await waiting(), await waiting()]

    const { reviewed, failed, results } = await review(
      ann,
      deny(one),
      { ...deny(two), version: 1 },
      { ...deny(two), note: '\u0000' },
      deny('iss_none'),
      deny(two),
    )

    expect([reviewed, failed]).toEqual([2, 3])
    expect(
      results.map(({ issue, error }: { issue: object | null; error: { code: string } | null }) => issue ?? error),
    ).toEqual([
      { status: 'RESOLVED', claim: null },
      { code: 'CONFLICT', path: null },
      { code: 'BAD_USER_INPUT', path: ['inputs', '2', 'note'] },
      { code: 'ISSUE_NOT_FOUND', path: null },
      { status: 'RESOLVED', claim: null },
    ])
  })

  it('are at most fifty', async () => {
    const inputs = Array.from({ length: 51 }, () => deny('iss_none'))

    expect(codesOf(await ask(url, { query: REVIEW, variables: { inputs }, token: ann }))).toEqual(['BAD_USER_INPUT'])
  })
})

it('an issue is overdue once its due time has passed, until it is resolved', async () => {
  clock = new Date('2035-01-01T00:00:00Z')
  const id = await waiting({ priority: 'HIGH' })
  const range = { from: '2035-01-01T00:00:00Z', to: '2035-01-02T00:00:00Z' }
  const query = 'query ($filter: IssueFilter) { issues(filter: $filter) { nodes { id dueAt overdue } } }'
  const listBy = async (overdue: boolean, status?: string[]) =>
    (await ask(url, { query, variables: { filter: { ...range, overdue, status } }, token: readOnly })).data.issues.nodes
  const dueAt = '2035-01-02T00:00:00.000Z'

  clock = new Date('2035-01-02T00:00:00Z')
  expect([await listBy(true), await listBy(false)]).toEqual([[], [{ id, dueAt, overdue: false }]])
  clock = new Date('2035-01-02T00:00:01Z')
  expect([await listBy(true), await listBy(false)]).toEqual([[{ id, dueAt, overdue: true }], []])
  expect([await listBy(true, ['AWAITING_REVIEW']), await listBy(true, ['PENDING'])]).toEqual([
    [{ id, dueAt, overdue: true }],
    [],
  ])
  await review(ann, deny(id))
  expect([await listBy(true), await listBy(false)]).toEqual([[], [{ id, dueAt: null, overdue: false }]])
})

it('issues from before there was a review queue have a place in it after the next start', async () => {
  clock = new Date('2036-01-01T00:00:00Z')
  const id = await waiting()
  const { issues } = service.collections
  await issues.updateOne({ _id: id }, { $unset: { urgentAt: 1 } })
  await forgetMigrations(db, ['place-in-review-queue'])

  await openService({ mongo, db, now: () => clock })

  expect(await issues.findOne({ _id: id })).toMatchObject({ urgentAt: clock })
  expect(idsOf(await queue({ filter: { from: '2036-01-01T00:00:00Z', to: '2036-01-02T00:00:00Z' } }))).toEqual([id])
})

describe('an issue that is assigned', () => {
  it('can be claimed and reviewed by its assignee and by admins only, until it is assigned to nobody', async () => {
    clock = new Date('2037-01-01T00:00:00Z')
    const id = await waiting()
    await claim(id, bob)

    const assigned = await assign(id, 'ann', await tokenOf(withRole('operator')))
    const refused = [codesOf(await claim(id, bob)), (await review(bob, deny(id))).results[0].error.code]
    const allowed = [await claim(id, ann), await release(id, ann), await claim(id, admin), await release(id, admin)]
    await assign(id, null, bob)

    expect(assigned.data.assignIssue.issue).toEqual({ version: 3, assignee: 'ann', claim: null })
    expect(refused).toEqual([['ISSUE_ASSIGNED'], 'ISSUE_ASSIGNED'])
    expect(allowed.flatMap(codesOf)).toEqual([])
    expect((await review(bob, deny(id))).reviewed).toBe(1)
    expect(codesOf(await assign(id, 'ann', bob))).toEqual(['INVALID_TRANSITION'])
  })

  it('is in the lists of its assignee, and not available to others', async () => {
    clock = new Date('2038-01-01T00:00:00Z')
    const [id, other] = [await waiting(), await waiting()]
    await assign(id, 'cleo', bob)
    const range = { from: '2038-01-01T00:00:00Z', to: '2038-01-02T00:00:00Z' }
    const ISSUES = 'query ($filter: IssueFilter) { issues(filter: $filter) { nodes { id } } }'
    const listAs = async (token: string, filter: object) =>
      ask(url, { query: ISSUES, variables: { filter: { ...range, ...filter } }, token })

    const available = async (token: string) => idsOf(await queue({ filter: range, available: true }, token))

    expect(idsOf((await listAs(bob, { assignee: 'cleo' })).data.issues)).toEqual([id])
    expect(idsOf(await queue({ filter: { ...range, assignee: 'cleo' } }))).toEqual([id])
    expect((await listAs(bob, { assignee: 'nobody' })).data.issues.nodes).toEqual([])
    expect(await available(bob)).toEqual([other])
    expect((await available(await person('cleo'))).sort()).toEqual([id, other].sort())
    expect(codesOf(await listAs(await tokenOf(withRole('customer', 'cust_1')), { assignee: 'cleo' }))).toEqual([
      'FORBIDDEN',
    ])
  })

  it('leaves an event with the actor and the masked reason, and none where it is assigned so already', async () => {
    const id = await waiting()

    for (let time = 0; time < 2; time++) await assign(id, 'ann', bob, 'call +1 415 555 2671 first')

    const events = (await service.eventsOf(id)).filter(({ type }) => type === 'issue.assigned')
    expect(events).toMatchObject([
      {
        actor: 'bob',
        changes: { assignee: { before: null, after: 'ann' } },
        data: { customerId: 'cust_1', assignee: 'ann', reason: 'call [phone] first' },
      },
    ])
    expect(events).toHaveLength(1)
    expect(codesOf(await assign(id, 'ann', readOnly))).toEqual(['FORBIDDEN'])
  })
})
