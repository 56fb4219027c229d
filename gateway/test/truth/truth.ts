import { Random } from '../../../scripts/random.ts'
import { parseExact } from '../../src/execution/exact-json.ts'
import { findFieldConflicts } from '../../src/operations/documents/field-conflicts.ts'
import { randomOperation } from '../differential/random-operations.ts'
import { composeSubgraphs, type ForeignGraph, type Respond, serveForeignGraph } from '../foreign-graph.ts'
import { createMonolith, createResponders } from './execute-model.ts'
import { withNestedRequirements } from './nested-requirements.ts'
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

export type WorldOptions = Readonly<{
  /** Whether some fields require fields of other entities. */
  isNested?: boolean
  /** How often a selection has a condition. */
  conditions?: number
}>

/** A random graph behind the gateway and in one monolith; null if its subgraphs cannot be composed. */
export async function openWorld(
  seed: number,
  { isNested = false, conditions }: WorldOptions = {},
): Promise<World | null> {
  const plain = randomModel(seed, new Random(seed))
  const model = isNested ? withNestedRequirements(plain, new Random(`${seed} nested`)) : plain
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
  const subgraphs = Object.keys(sdls).map((name) => [name, { respond: noting(name) }])
  const graph = await serveForeignGraph(supergraph, Object.fromEntries(subgraphs))
  const monolith = createMonolith(model, graph.schema)

  return {
    sdls,
    graph,
    async compare(operation) {
      const { text, variables } = randomOperation(graph.schema, new Random(`${seed} ${operation}`), {
        confusing: true,
        ...(conditions !== undefined && { conditions }),
        // Unlike the specification, graphql-js lets `id: __typename` stand beside an `id` that is no String.
        isValid: (document) => findFieldConflicts(graph.schema, document).length === 0,
      })
      const root = text.startsWith('mutation') ? 'Mutation' : 'Query'
      const expected = JSON.stringify(await monolith(text, variables, root))
      exchanges.length = 0
      const got = await graph.run(JSON.stringify({ query: text, variables })).catch(String)
      // Random documents may have more conditions than the gateway allows.
      const isRefused = got.startsWith('QueryTooLargeError')
      return isRefused || isAlike(expected, got)
        ? null
        : { supergraph: seed, operation, text, variables, expected, got, exchanges: [...exchanges] }
    },
    close: graph.close,
  }
}

/** Messages are not compared: those of subgraphs are not for callers. */
function isAlike(expected: string, got: string): boolean {
  if (expected === got) return true
  const [one, other] = [expected, got].map(toComparable)
  return one !== null && one === other
}

/** The data, and the paths of its nulls that an error explains; null if it is not an answer. */
function toComparable(answer: string): string | null {
  if (!answer.startsWith('{')) return null
  const { data, errors = [] } = parseExact(answer) as { data?: unknown; errors?: { path?: (string | number)[] }[] }
  // An error at an object is of a field that the client did not select, which one graph need not read.
  const ofNulls = errors.filter(({ path = [] }) => valueAt(data, path) === null)
  return JSON.stringify([[...new Set(ofNulls.map(({ path }) => JSON.stringify(path)))].sort(), data])
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null)?.[key] ?? null, data)
}
