import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.stop())

const codesOf = async (query: string, times: number) => {
  const answers = await Promise.all(Array.from({ length: times }, () => gateway.ask(query)))
  return answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code))
}

describe('operations on queues', () => {
  it('have a limit of their own, 60 a minute, whichever other fields they have', async () => {
    expect(await codesOf('{ issue(id: "iss_1") { id } ...Q } fragment Q on Query { queues { name } }', 61)).toEqual([
      'RATE_LIMITED',
    ])
  })

  it('leave other operations to the general limit', async () => {
    expect(await codesOf('{ issue(id: "iss_1") { id } }', 61)).toEqual([])
  })
})
