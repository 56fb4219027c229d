import { openTestRedis, silent } from '@redress/shared/testing/stores.ts'
import { afterEach, describe, expect, it } from 'vitest'
import type { OpenPlanner } from '../src/execution/planning/planning.ts'
import { createPersistedDocuments } from '../src/operations/documents/persisted-documents.ts'
import { createPreparedDocuments } from '../src/operations/documents/prepared-documents.ts'
import { createDocumentMemory, startWarming } from '../src/operations/documents/warm-documents.ts'
import { createGraph } from '../src/operations/graph.ts'
import { composeSubgraphs } from './foreign-graph.ts'
import { planInProcess } from './plan-in-process.ts'

const supergraph = composeSubgraphs({ a: 'type Query { ping(of: String): Int pong: Int }' })
const admin = { id: 'ada', roles: ['admin'], customerId: null, tenant: 'default' } as const
const redis = await openTestRedis(51)
afterEach(() => redis.flushDb())

/** The documents of a gateway that was started anew, and the operations that it has planned. */
function start(trusted: readonly string[] = []) {
  const planned: (string | null)[] = []
  const openPlanner: OpenPlanner = (text) => {
    const plan = planInProcess(text)
    return (document, name) => {
      planned.push(name)
      return plan(document, name)
    }
  }
  const graph = createGraph(supergraph, { sourceOf: () => () => Promise.reject(), local: {}, openPlanner } as never)
  const persisted = createPersistedDocuments({ trusted: new Map(), trustedOnly: false })
  const documents = createPreparedDocuments({ graph, persisted, hideSuggestions: false })
  const onError = (error: unknown) => silent.error(error)
  const warming = startWarming({ documents, trusted, memory: createDocumentMemory(redis), onError })
  return {
    planned,
    warming,
    async send(query: string, operationName: string | null = null) {
      const prepared = documents.prepare({ query, operationName, variables: {}, extensions: {} })
      await prepared.runFor(admin, {})
    },
  }
}

async function restartAfter(...queries: readonly string[]) {
  const before = start()
  for (const query of queries) for (let time = 0; time < 2; time++) await before.send(query)
  await before.warming.close()
  const after = start()
  await after.warming.finished
  return after
}

describe('after a start', () => {
  it('the documents of the last run need no planning any more, whether or not their operation is named', async () => {
    const { planned, send } = await restartAfter('query Ping { ping }')
    const warm = [...planned]

    await send('query Ping { ping }')
    await send('query Ping { ping }', 'Ping')

    expect(warm).toEqual(['Ping'])
    expect(planned).toEqual(warm)
  })

  it('neither do trusted documents, of which each operation is planned', async () => {
    const text = 'query Ping { ping } query Pong { pong }'
    const { planned, warming, send } = start([text])
    await warming.finished
    const warm = [...planned]

    await send(text, 'Pong')

    expect(warm).toEqual(['Ping', 'Pong'])
    expect(planned).toEqual(warm)
  })

  it('a document that the graph does not answer any more keeps no other from being planned', async () => {
    const { planned } = await restartAfter('query Ping { ping }')
    expect(planned).toEqual(['Ping'])
    await redis.set('gateway:documents', JSON.stringify(['{ gone }', '{', 'query Pong { pong }']))

    const after = start()
    await after.warming.finished

    expect(after.planned).toEqual(['Pong'])
  })
})

it('a document in which a text is written is not remembered: it may be of a person', async () => {
  await restartAfter('query Ping { ping(of: "ada@example.com") }', 'query Pong { pong }')

  expect(JSON.parse((await redis.get('gateway:documents'))!)).toEqual(['query Pong { pong }'])
})
