import { describe, expect, it } from 'vitest'
import type { RequestContext } from './request-context.ts'
import { causeOf } from './request-context.ts'

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const request: RequestContext<unknown> = {
  principal: { id: 'ada', roles: ['operator'], customerId: null, tenant: 'default' },
  token: 'word',
  requestId: 'r-1',
  clientIp: '10.0.0.1',
  trace: null,
  loaders: null,
}

describe('the cause of a change', () => {
  it('is the caller, the request, the address and the trace', () => {
    expect(causeOf({ ...request, trace })).toEqual({
      actor: 'ada',
      requestId: 'r-1',
      ip: '10.0.0.1',
      tenant: 'default',
      trace,
    })
  })

  it('names no trace where there is none', () => {
    expect(causeOf(request)).toEqual({ actor: 'ada', requestId: 'r-1', ip: '10.0.0.1', tenant: 'default' })
  })
})
