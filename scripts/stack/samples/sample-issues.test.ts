import { parseJson, readBody, startHttpServer } from '@redress/shared/process/http.ts'
import { describe, expect, it, type TestContext } from 'vitest'
import { createSampleIssues, followIssues, isDecided, type SampleIssue } from './sample-issues.ts'
import { tableHead, toTableRow } from './sample-table.ts'

type Variables = { input?: { idempotencyKey: string } } & Record<string, unknown>

/** A graph that answers each request with `answer(variables)`. */
async function startGraph(test: TestContext, answer: (variables: Variables) => unknown) {
  const server = await startHttpServer(
    async (request, response) => {
      const { variables } = parseJson(await readBody(request, 100_000)) as {
        variables: Variables
      }
      response.end(JSON.stringify(answer(variables)))
    },
    { port: 0, host: '127.0.0.1' },
  )
  test.onTestFinished(() => void server.close())
  return { url: server.url, token: 'token' }
}

const decided: SampleIssue = {
  id: 'i-1',
  type: 'DECLINE',
  status: 'RESOLVED',
  decision: { action: 'RETRY_PAYMENT', confidence: 85, routing: 'AUTO_RESOLVE' },
}
const failed: SampleIssue = { id: 'i-2', type: 'DISPUTE', status: 'FAILED', decision: null }

describe('the sample issues', () => {
  it('are five, each with a key of its own', async (test) => {
    const endpoint = await startGraph(test, ({ input }) => ({
      data: { createIssue: { issue: { id: input?.idempotencyKey } } },
    }))

    const ids = await createSampleIssues(endpoint, 'sample')

    expect(ids).toEqual(['sample-1', 'sample-2', 'sample-3', 'sample-4', 'sample-5'])
  })

  it('are followed until each is final', async (test) => {
    let asked = 0
    const endpoint = await startGraph(test, () => {
      asked++
      const first: SampleIssue = asked < 3 ? { ...decided, status: 'PROCESSING' } : decided
      return { data: asked === 1 ? { i0: first, i1: failed } : { i0: first } }
    })
    const seen: string[] = []

    const issues = await followIssues(endpoint, ['i-1', 'i-2'], { onFinal: ({ id }) => seen.push(id) })

    expect(issues).toEqual([decided, failed])
    expect(seen).toEqual(['i-2', 'i-1'])
  })

  it('are asked for again while a service is not available yet', async (test) => {
    let asked = 0
    const unavailable = { errors: [{ message: 'Not now.', extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] }
    const endpoint = await startGraph(test, () => (++asked === 1 ? unavailable : { data: { i0: decided } }))

    expect(await followIssues(endpoint, ['i-1'])).toEqual([decided])
  })

  it('are awaited for a limited time', async (test) => {
    const endpoint = await startGraph(test, () => ({ data: { i0: { ...decided, status: 'PENDING' } } }))

    expect(await followIssues(endpoint, ['i-1'], { withinMs: 50 })).toEqual([])
  })

  it('that the graph refuses are rejected with its codes', async (test) => {
    const errors = [{ message: 'No.', extensions: { code: 'FORBIDDEN' } }]
    const endpoint = await startGraph(test, () => ({ data: null, errors }))

    await expect(createSampleIssues(endpoint, 'sample')).rejects.toMatchObject({ codes: ['FORBIDDEN'] })
  })

  it('count as decided with a decision, and not when failed', () => {
    expect([decided, failed].map(isDecided)).toEqual([true, false])
  })
})

describe('the table of issues', () => {
  it('has the values of the issue in lower case', () => {
    expect([tableHead(), toTableRow(decided)].map((line) => line.split(/ {2,}/))).toEqual([
      ['Issue', 'Type', 'Decision', 'Confidence', 'Routing'],
      ['i-1', 'decline', 'retry_payment', '85 %', 'auto_resolve'],
    ])
  })
})
