import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway?.stop())

describe('what only a process of Redress may ask a subgraph', () => {
  it('is no field for anybody else, an admin included', async () => {
    const payment = 'payeeId: "payee_1", amount: { amount: 1, currency: "USD" }'
    const input = `{ paymentId: "pay_1", customerId: "cust_1", ${payment}, priority: HIGH, errorCode: CARD_DECLINED }`
    for (const document of [
      '{ findApiKey(id: "any") { hash } }',
      `mutation { openPaymentCase(input: ${input}) { issue { id } } }`,
    ]) {
      const answer = await gateway.ask(document)

      expect(answer.errors?.map(({ extensions }) => extensions.code)).toContain('GRAPHQL_VALIDATION_FAILED')
    }
    expect(gateway.calls).toEqual([])
  })

  it('is not in the schema that callers can read', async () => {
    const { data } = await gateway.ask(`{
      query: __type(name: "Query") { fields { name } }
      check: __type(name: "ApiKeyCheck") { name }
    }`)

    expect(data?.query).toMatchObject({ fields: expect.arrayContaining([{ name: 'apiKeys' }]) })
    expect(data?.query).not.toMatchObject({ fields: expect.arrayContaining([{ name: 'findApiKey' }]) })
    expect(data?.check).toBeNull()
  })
})
