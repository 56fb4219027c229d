import { ask, tokenOf, withRole } from '@redress/shared/testing/callers.ts'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { openService, serveService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })
const url = await serveService(service)
const [operator, other] = await Promise.all([
  tokenOf(withRole('operator')),
  tokenOf({ ...withRole('operator'), id: 'another-operator' }),
])
const ofCustomer = await tokenOf(withRole('customer', 'cust_2'))

let keys = 0
const decline = { decline: { errorCode: 'CARD_EXPIRED', autoRetryCount: 1 } }
const inputOf = (change: object = {}) => ({
  idempotencyKey: `key-${++keys}`,
  externalId: `ticket-${keys}`,
  customerId: 'cust_1',
  details: decline,
  ...change,
})
const CREATE = `mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id externalId } } }`
const create = (input: object, token = operator) => ask(url, { query: CREATE, variables: { input }, token })
const FIND = 'query ($id: ID, $externalId: String) { issue(id: $id, externalId: $externalId) { id externalId } }'
const find = (variables: object, token = operator) => ask(url, { query: FIND, variables, token })
const countOf = (externalId: string) => service.collections.issues.countDocuments({ tenant: 'default', externalId })

describe('an issue with an external id', () => {
  it('is found by it, and only by those who may see the issue', async () => {
    const input = inputOf()

    const { data } = await create(input)

    const { issue } = data.createIssue
    expect(issue.externalId).toBe(input.externalId)
    expect((await find({ externalId: input.externalId })).data.issue).toEqual(issue)
    expect((await find({ externalId: input.externalId }, ofCustomer)).data.issue).toBeNull()
    expect((await find({ externalId: 'ticket-of-none' })).data.issue).toBeNull()
  })

  it('is created once, also with other keys, by other callers and at the same moment', async () => {
    const input = inputOf()

    const answers = await Promise.all([
      create(input),
      create(input),
      create({ ...input, idempotencyKey: `again-${input.externalId}` }),
      create(input, other),
    ])

    expect(new Set(answers.map(({ data }) => data.createIssue.issue.id)).size).toBe(1)
    expect(await countOf(input.externalId)).toBe(1)
  })

  it('is refused where the external id was used with another input, in one batch too', async () => {
    const input = inputOf()
    await create(input)
    const query = `mutation ($inputs: [CreateIssueInput!]!) { createIssues(inputs: $inputs) { results { error { code } } } }`
    const once = inputOf()

    const { errors } = await create({ ...input, idempotencyKey: `more-${input.externalId}`, priority: 'HIGH' })
    const inputs = [once, { ...once, idempotencyKey: `more-${once.externalId}`, priority: 'HIGH' }]
    const { data } = await ask(url, { query, variables: { inputs }, token: operator })

    expect(errors).toMatchObject([{ extensions: { code: 'EXTERNAL_ID_TAKEN' } }])
    expect(data.createIssues.results).toEqual([{ error: null }, { error: { code: 'EXTERNAL_ID_TAKEN' } }])
    expect(await countOf(once.externalId)).toBe(1)
  })

  it('is refused for a repeated key with another external id', async () => {
    const input = inputOf()
    await create(input)

    const { errors } = await create({ ...input, externalId: `other-${input.externalId}` })

    expect(errors).toMatchObject([{ extensions: { code: 'IDEMPOTENCY_CONFLICT' } }])
  })

  it('is refused where the external id is a card number', async () => {
    const { errors } = await create(inputOf({ externalId: '4111-1111-1111-1111' }))

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', argumentPath: ['input', 'externalId'] } }])
  })

  it('leaves no external id in its event', async () => {
    const { data } = await create(inputOf({ externalId: 'someone@example.org' }))

    expect(JSON.stringify(await service.eventsOf(data.createIssue.issue.id))).not.toMatch(/someone|example/)
  })

  it('is named by exactly one of the two ids', async () => {
    const answers = await Promise.all([find({}), find({ id: 'iss_1', externalId: 'ticket-1' })])

    expect(answers.map(({ errors }) => errors[0]!.extensions.code)).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT'])
  })
})

it('issues without an external id are as many as there are', async () => {
  const { externalId: _, ...without } = inputOf()

  const first = await create(without)
  const second = await create({ ...without, idempotencyKey: `another-${without.idempotencyKey}` })

  expect(first.data.createIssue.issue.externalId).toBeNull()
  expect(second.data.createIssue.issue.id).not.toBe(first.data.createIssue.issue.id)
})
