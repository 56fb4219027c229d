import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const CREATE = 'mutation ($input: CreateIssueInput!) { createIssue(input: $input) { issue { id } } }'
const refund = { reason: 'DEFECTIVE', daysSincePurchase: 3 }
const decline = { errorCode: 'CARD_EXPIRED', autoRetryCount: 1 }
const inputWith = (details: object) => ({ input: { idempotencyKey: 'k', customerId: 'cust_042', details } })

describe('the details of a new issue', () => {
  it('are taken with exactly one member', async () => {
    const { data } = await gateway.ask(CREATE, inputWith({ refundRequest: refund }))

    expect(data).toEqual({ createIssue: { issue: { id: 'iss_1' } } })
  })

  it.for<[string, object]>([
    ['no member', {}],
    ['two members', { refundRequest: refund, decline }],
    ['a member that is null', { refundRequest: null }],
    ['one member and a null', { refundRequest: refund, decline: null }],
  ])('with %s are refused before any subgraph is asked', async ([, details]) => {
    const callsBefore = gateway.calls.length

    const response = await gateway.post({ query: CREATE, variables: inputWith(details) })

    expect(response.status).toBe(400)
    const { errors } = (await response.json()) as Answer
    expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['BAD_USER_INPUT']))
    expect(gateway.calls.length).toBe(callsBefore)
  })

  it.for([
    '{}',
    '{ refundRequest: null }',
    '{ decline: { errorCode: CARD_EXPIRED, autoRetryCount: 1 }, dispute: null }',
  ])('written as %s are refused as well', async (details) => {
    const { errors } = await gateway.ask(
      `mutation { createIssue(input: { idempotencyKey: "k", customerId: "c", details: ${details} }) { issue { id } } }`,
    )

    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }])
  })

  it('are marked for clients that look at the schema', async () => {
    const { data } = await gateway.ask(
      '{ details: __type(name: "IssueDetailsInput") { isOneOf description } money: __type(name: "MoneyInput") { isOneOf } }',
    )

    expect(data).toEqual({
      details: { isOneOf: true, description: 'Exactly one field is set; it determines the type of the issue.' },
      money: { isOneOf: false },
    })
  })
})
