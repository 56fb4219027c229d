import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const lastCall = () => gateway.calls.at(-1)!.context

describe('the graph', () => {
  it('answers one operation from three services', async () => {
    const { data, errors } = await gateway.ask(
      '{ issue(id: "iss_1") { id decision { action confidence } auditTrail { nodes { sequence actor } } } }',
    )

    expect(errors).toBeUndefined()
    expect(data).toEqual({
      issue: {
        id: 'iss_1',
        decision: { action: 'APPROVE_REFUND', confidence: 91 },
        auditTrail: { nodes: [{ sequence: 1, actor: 'ada' }] },
      },
    })
  })

  it('answers null for what is not there', async () => {
    expect(await gateway.ask('{ issue(id: "iss_404") { id decision { id } } }')).toEqual({ data: { issue: null } })
  })

  it('keeps the code, the facts and the path of an error, and names its service', async () => {
    const { data, errors } = await gateway.ask('{ issue(id: "refused") { id } queues { name } }')

    expect(data).toEqual({ issue: null, queues: [] })
    expect(errors).toEqual([
      {
        message: expect.any(String),
        path: ['issue'],
        extensions: { code: 'FORBIDDEN', permission: 'issue:read:*', service: 'issues' },
      },
    ])
  })

  it('shows nothing of an unexpected error but a request id, which leads to the log', async () => {
    const response = await gateway.post({ query: '{ issue(id: "bug") { id } }' })
    const text = await response.text()

    expect(text).not.toMatch(/secret|hunter2|mongodb|stack/)
    const [error] = JSON.parse(text).errors
    expect(error.extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      service: 'issues',
      requestId: response.headers.get('x-request-id'),
    })
    expect(gateway.logged).toContainEqual(
      expect.objectContaining({ level: 50, requestId: error.extensions.requestId, subgraph: 'issues' }),
    )
  })

  it('reports an error when a service answers null where the schema forbids it', async () => {
    const { data, errors } = await gateway.ask('{ issue(id: "iss_1") { id statusHistory { at } } }')

    expect(data).toEqual({ issue: null })
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR', service: 'issues' } }])
  })

  it('passes on what a service says about a value that only the service can check', async () => {
    const { errors } = await gateway.ask(
      'query ($at: DateTime!) { issues(filter: { createdAfter: $at }) { totalCount } }',
      {
        at: 'yesterday',
      },
    )

    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', service: 'issues' } }])
  })

  it('passes caller, address, request id and trace to each service', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const token = await gateway.signToken({ sub: 'cust-app', roles: ['customer', 'emperor'], customerId: 'cust_042' })
    await gateway.post(
      { query: '{ issue(id: "iss_1") { id } }' },
      { headers: { authorization: `Bearer ${token}`, 'x-request-id': 'req-7', traceparent } },
    )

    expect(lastCall()).toMatchObject({
      principal: { id: 'cust-app', roles: ['customer'], customerId: 'cust_042' },
      requestId: 'req-7',
      clientIp: '127.0.0.1',
    })
  })

  it('grants nothing to a caller with unknown roles', async () => {
    const token = await gateway.signToken({ roles: ['emperor'] })
    const response = await gateway.post(
      { query: '{ issue(id: "iss_1") { id } queues { name } }' },
      { headers: { authorization: `Bearer ${token}` } },
    )

    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] }
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
  })

  it('refuses an operation that the document does not have', async () => {
    const response = await gateway.post({ query: 'query A { __typename }', operationName: 'B' })

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] })
  })
})
