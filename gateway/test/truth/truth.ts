import { Random } from '../../../scripts/random.ts'
import { randomOperation } from '../differential/random-operations.ts'
import { composeSubgraphs, type ForeignGraph, openForeignGraph, type Respond } from '../foreign-graph.ts'
import { createMonolith, createResponders } from './execute-model.ts'
import { randomModel } from './random-model.ts'
import { toSdls } from './to-sdl.ts'

/** An operation that the gateway answers in another way than graphql-js does on the same data. */
export type Difference = Readonly<{
  supergraph: number
  operation: number
  text: string
  variables: Record<string, unknown>
  expected: string
  got: string
  /** The requests to the subgraphs, and their answers. */
  exchanges: readonly string[]
}>

export type World = Readonly<{
  sdls: Readonly<Record<string, string>>
  graph: ForeignGraph
  compare: (operation: number) => Promise<Difference | null>
  close: () => Promise<void>
}>

/** A random graph behind the gateway and in one monolith; null if its subgraphs cannot be composed. */
export async function openWorld(seed: number): Promise<World | null> {
  const model = randomModel(seed, new Random(seed))
  const sdls = toSdls(model)
  let supergraph: string
  try {
    supergraph = composeSubgraphs(sdls)
  } catch {
    return null
  }
  const responders = createResponders(model, supergraph)
  const exchanges: string[] = []
  const noting =
    (name: string): Respond =>
    async (asked) => {
      const reply = (await responders[name]!(asked)) as { body: string }
      exchanges.push(`${name} ${asked.text}\n  -> ${reply.body}`)
      return reply
    }
  const subgraphs = Object.entries(sdls).map(([name, sdl]) => [name, { sdl, respond: noting(name) }])
  const graph = await openForeignGraph(Object.fromEntries(subgraphs))
  const monolith = createMonolith(model, graph.schema)

  return {
    sdls,
    graph,
    async compare(operation) {
      const { text, variables } = randomOperation(graph.schema, new Random(`${seed} ${operation}`), { confusing: true })
      const root = text.startsWith('mutation') ? 'Mutation' : 'Query'
      const expected = JSON.stringify(await monolith(text, variables, root))
      exchanges.length = 0
      const got = await graph.run(JSON.stringify({ query: text, variables })).catch(String)
      return expected === got
        ? null
        : { supergraph: seed, operation, text, variables, expected, got, exchanges: [...exchanges] }
    },
    close: graph.close,
  }
}
