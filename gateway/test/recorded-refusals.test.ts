import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

type Batch = Readonly<{ refusals: readonly Readonly<Record<string, unknown>>[] }>

/** An audit service that keeps the refusals that it is sent. */
const batches: Batch[] = []
const audit = createServer(async (request, response) => {
  const { query, variables } = JSON.parse(Buffer.concat(await request.toArray()).toString())
  if (String(query).includes('recordRefusals')) batches.push(variables)
  response.end('{"data":{"recordRefusals":1}}')
})
let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  await new Promise<void>((listening) => audit.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(audit.address() as AddressInfo).port}`
  gateway = await startTestGateway({ urls: { audit: url }, environment: { RATE_LIMIT_MAX: '5', TRUST_PROXY: '1' } })
})
afterAll(() => void audit.close())

it('refused credentials, limits and mutations are sent to the record, without tokens or whole addresses', async () => {
  const review = 'mutation { reviewIssue(input: { issueId: "iss_1", action: APPROVE_REFUND }) { issue { id } } }'
  const readOnly = await gateway.signToken({ sub: 'eve', roles: ['read_only'] })
  const send = async (token: string, ip: string, query: string) => {
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': ip }
    return (await gateway.post({ query }, { headers })).status
  }

  for (let time = 0; time < 22; time++) await send('wrong-secret', '198.51.100.7', '{ __typename }')
  await send(await gateway.signToken({ sub: 'old', lifetime: '-5m' }), '203.0.113.9', '{ __typename }')
  await send(readOnly, '203.0.113.9', review)
  await send(readOnly, '203.0.113.9', '{ auditLog { totalCount } }')
  for (let time = 0; time < 4; time++) await send(readOnly, '203.0.113.9', '{ __typename }')
  // The last minute is sent when the gateway stops.
  await gateway.stop()

  const refusals = batches.flatMap((batch) => batch.refusals)
  expect(refusals.map(({ firstAt: _, lastAt: __, ...rest }) => rest)).toEqual([
    { reason: 'INVALID_CREDENTIALS', callerId: null, network: '198.51.100.0/24', permission: null, count: 20 },
    { reason: 'BAN', callerId: null, network: '198.51.100.0/24', permission: null, count: 1 },
    { reason: 'ADDRESS_BANNED', callerId: null, network: '198.51.100.0/24', permission: null, count: 2 },
    { reason: 'TOKEN_EXPIRED', callerId: 'old', network: '203.0.113.0/24', permission: null, count: 1 },
    { reason: 'FORBIDDEN', callerId: 'eve', network: '203.0.113.0/24', permission: 'issue:review:*', count: 1 },
    { reason: 'CALLER_LIMITED', callerId: 'eve', network: null, permission: null, count: 1 },
  ])
  expect(JSON.stringify(batches)).not.toMatch(/wrong-secret|eyJ|198\.51\.100\.7|203\.0\.113\.9/)
})
