import type { RequestContext } from '@redress/shared/subgraph.ts'
import { describe, expect, it } from 'vitest'
import { toIssueNews } from './decision-events.ts'
import { causeOf } from './issue-arguments.ts'

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const request: RequestContext<unknown> = {
  principal: { id: 'ada', roles: ['operator'], customerId: null },
  token: 'word',
  requestId: 'r-1',
  clientIp: '10.0.0.1',
  trace: null,
  loaders: null,
}

describe('the cause of a change', () => {
  it('is who asked, by which request, from where, and as part of which trace', () => {
    expect(causeOf({ ...request, trace })).toEqual({ actor: 'ada', requestId: 'r-1', ip: '10.0.0.1', trace })
  })

  it('names no trace where there is none', () => {
    expect(causeOf(request)).toEqual({ actor: 'ada', requestId: 'r-1', ip: '10.0.0.1' })
  })

  it('is, for what a decision leads to, the trace of the decision', () => {
    const event = {
      ...{ id: 'e-1', type: 'decision.started', at: '2030-01-01T00:00:00Z', actor: 'redress:worker', requestId: 'r-1' },
      ...{ ip: null, trace, entity: { type: 'Decision', id: 'dec_1' }, changes: {}, data: { issueId: 'iss_1' } },
    }

    expect(toIssueNews(event)).toMatchObject([{ cause: { actor: 'redress:decisions', requestId: 'r-1', trace } }])
  })
})
