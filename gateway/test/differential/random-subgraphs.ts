import { Supergraph } from '@apollo/federation-internals'
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLFormattedError,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from 'graphql'
import { Random } from '../../../scripts/random.ts'
import type { Row } from '../../src/execution/json.ts'
import type { SubgraphAnswer, SubgraphSource } from '../../src/execution/subgraphs/subgraph-source.ts'
import { collectFields, type Operation } from './collect-fields.ts'

/** How well the subgraphs are, each figure a probability. */
export type Health = Readonly<{
  /** A request gets no answer. */
  fails: number
  /** A field that may be null is. */
  nulls: number
  /** A field that may not be null is, or a value is of the wrong type. */
  lies: number
  /** A field that may be null is, with an error that says why. */
  errors: number
}>

export const WELL: Health = { fails: 0, nulls: 0, lies: 0, errors: 0 }

type Answering = Operation & Readonly<{ seed: number; health: Health; errors: GraphQLFormattedError[] }>

/** Subgraphs that answer anything they are asked, of one seed the same question always in the same way. */
export function randomSubgraphs(supergraph: string): (name: string, seed: number, health: Health) => SubgraphSource {
  const subgraphs = Supergraph.build(supergraph, { validateSupergraph: false }).subgraphs()
  const schemas = new Map(
    [...subgraphs.values()].map(({ name, schema }) => [name, schema.toGraphQLJSSchema({ includeDefer: false })]),
  )
  return (name, seed, health) => async (request, variablesText) => {
    const variables = JSON.parse(variablesText) as Row
    const { representations } = variables
    const key = `${seed} ${name}`
    const hasEntities = Array.isArray(representations)
    // Not by what is asked: another plan for the same operation, and another executor, ask about more or fewer entities.
    if (new Random(`${key} ${hasEntities} fails`).chance(health.fails)) {
      throw new Error('This subgraph is sick.')
    }

    const errors: GraphQLFormattedError[] = []
    const { operation, fragments } = partsOf(parse(request.query))
    const answering = { schema: schemas.get(name)!, fragments, variables, seed, health, errors }
    if (!hasEntities) return toAnswer(answerRoot(answering, operation), errors)
    const [field] = operation.selectionSet.selections as [FieldNode]
    const entities = representations.map((representation: Row, index) => {
      const typed = answering.schema.getType(String(representation.__typename)) as GraphQLCompositeType
      const id = representation.id ?? representation[KEYS[typed.name] ?? 'id']
      const place = { key: `${seed} ${JSON.stringify(id)}`, id, path: ['_entities', index] }
      if (new Random(`${place.key} null`).chance(health.nulls / 2)) return null
      return answerObject(answering, typed, [field.selectionSet!], place)
    })
    return toAnswer({ _entities: entities }, errors)
  }
}

/** The answer that one subgraph with all of the graph would give. */
export function answerByMonolith(
  schema: GraphQLSchema,
  document: DocumentNode,
  { variables, seed }: Readonly<{ variables: Row; seed: number }>,
): Row {
  const { operation, fragments } = partsOf(document)
  return answerRoot({ schema, fragments, variables, seed, health: WELL, errors: [] }, operation)
}

/** Keys beside `id`, which have its value: an object is the same by each of its keys. */
const KEYS: Readonly<Record<string, string>> = { Maker: 'code', Store: 'city' }

function partsOf({ definitions: [operation, ...others] }: DocumentNode) {
  const fragments = (others as FragmentDefinitionNode[]).map((fragment) => [fragment.name.value, fragment] as const)
  return { operation: operation as OperationDefinitionNode, fragments: new Map(fragments) }
}

function answerRoot(answering: Answering, { operation, selectionSet }: OperationDefinitionNode): Row {
  const root = answering.schema.getRootType(operation)!
  return answerObject(answering, root, [selectionSet], { key: `${answering.seed} root`, path: [] })
}

function toAnswer(data: Row, errors: readonly GraphQLFormattedError[]): SubgraphAnswer {
  return { data, errors, isPlain: !JSON.stringify(data).includes('\\') }
}

type Place = Readonly<{ key: string; id?: unknown; path: readonly (string | number)[] }>

function answerObject(
  answering: Answering,
  declared: GraphQLCompositeType,
  selectionSets: readonly SelectionSetNode[],
  found: Place,
): Row {
  // The type and fields of an object depend on its id alone, wherever it is found.
  const id = found.id ?? scalarOf('ID', new Random(`${found.key} id`))
  const place = { ...found, key: `${answering.seed} ${JSON.stringify(id)}` }
  const random = new Random(`${place.key} type`)
  const possible = isAbstractType(declared) ? answering.schema.getPossibleTypes(declared) : [declared]
  const sorted = possible.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const type = random.pick(sorted.filter((one) => possible.length === 1 || one.name !== 'Maker'))
  const fields = new Map<string, FieldNode[]>()
  for (const selectionSet of selectionSets) collectFields(answering, type, selectionSet, fields)
  const row: Row = {}
  for (const [key, nodes] of fields) {
    const name = nodes[0]!.name.value
    if (name === '__typename' || name === 'id' || name === KEYS[type.name]) {
      const value = name === '__typename' ? type.name : id
      Object.defineProperty(row, key, { value, enumerable: true, configurable: true, writable: true })
    } else {
      const field = 'getFields' in type ? type.getFields()[name]! : null
      const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
      // The same field of the same object is the same under any alias, as long as its arguments are.
      const args = JSON.stringify(nodes[0]!.arguments ?? [], (part, value) => (part === 'loc' ? undefined : value))
      const at = { key: `${place.key} ${type.name} ${name} ${args}`, path: [...place.path, key] }
      const value = answerValue(answering, field!.type, below, at)
      Object.defineProperty(row, key, { value, enumerable: true, configurable: true, writable: true })
    }
  }
  return row
}

function answerValue(
  answering: Answering,
  type: GraphQLOutputType,
  below: readonly SelectionSetNode[],
  place: Place,
  mayBeNull = true,
): unknown {
  const { health, errors } = answering
  const random = new Random(place.key)
  if (isNonNullType(type)) {
    if (random.chance(health.lies / 4)) return null
    return answerValue(answering, type.ofType, below, place, false)
  }
  if (mayBeNull && random.chance(health.nulls)) return null
  if (mayBeNull && random.chance(health.errors)) {
    errors.push({ message: 'Refused.', path: place.path, extensions: { code: 'FORBIDDEN', at: place.path.length } })
    return null
  }
  if (isListType(type)) {
    return Array.from({ length: random.below(4) }, (_, index) =>
      answerValue(answering, type.ofType, below, { key: `${place.key} ${index}`, path: [...place.path, index] }),
    )
  }
  if (isCompositeType(type)) return answerObject(answering, type, below, place)
  // An integer is a valid ID, which the reference hands on as a number.
  if (random.chance(health.lies)) return random.pick([true, 3.5, 'WRONG', ...(type.name === 'ID' ? [] : [7])])
  if (isEnumType(type)) return random.pick(type.getValues()).name
  return scalarOf(type.name, random)
}

function scalarOf(name: string, random: Random): unknown {
  if (name === 'Boolean') return random.chance(0.5)
  if (name === 'Int' || name === 'SafeInt') return random.below(1000)
  if (name === 'Float') return random.below(100) / 4
  if (name === 'JSONObject') return { deep: [random.below(5), null, { 'a"b': '\u2028' }] }
  // Few, so that entities occur several times.
  return random.pick(['one', 'two', 'thr"ee', 'vier\n', '\ud83d\ude00'])
}
