import { Supergraph } from '@apollo/federation-internals'
import {
  execute,
  type GraphQLFieldResolver,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql'
import { isExact } from '../../src/execution/exact-json.ts'
import type { Respond } from '../foreign-graph.ts'
import { createData, type Data, mapThings, project, selectionOf, type Thing } from './data.ts'
import type { Model } from './model.ts'

/** An entity in a subgraph, with the representation that it was asked for by. */
type Held = Thing &
  Readonly<{
    representation?: Record<string, unknown>
    /** The fields that came with it, by `@provides`. */
    provided?: readonly string[]
  }>

/** Executes operations of the whole graph on its data, by graphql-js alone. */
export function createMonolith(model: Model, schema: GraphQLSchema) {
  const data = createData(model)
  const typed = withLong(schema)
  const fieldResolver: GraphQLFieldResolver<Thing, unknown> = (thing, args, _context, { fieldName, parentType }) =>
    parentType.name === 'Org' ? (thing as unknown as { oid: string }).oid : readOrThrow(data, thing, fieldName, args)
  return (query: string, variables: Record<string, unknown>, operation: 'Query' | 'Mutation') =>
    execute({
      schema: typed,
      document: parse(query),
      rootValue: { __typename: operation, id: operation },
      variableValues: variables,
      fieldResolver: fieldResolver as never,
      typeResolver: (thing: unknown) => (thing as Thing).__typename,
    })
}

function readOrThrow(data: Data, thing: Thing, fieldName: string, args: unknown): unknown {
  const field = data.fieldOf(thing.__typename, fieldName)
  if (field !== null && data.fails(thing, field, args)) throw new Error('This field fails.')
  return data.read(thing, fieldName, args)
}

/** Subgraphs that execute what they are asked by graphql-js, and refuse what their schema forbids. */
export function createResponders(model: Model, supergraph: string): Readonly<Record<string, Respond>> {
  const data = createData(model)
  const subgraphs = Supergraph.build(supergraph, { validateSupergraph: false }).subgraphs()
  return Object.fromEntries(
    [...subgraphs.values()].map(({ name, schema }) => [
      name,
      createResponder(name, withLong(schema.toGraphQLJSSchema({ includeDefer: false })), { model, data }),
    ]),
  )
}

type Facts = Readonly<{ model: Model; data: Data }>

function createResponder(name: string, schema: GraphQLSchema, facts: Facts): Respond {
  const fieldResolver = createResolver(name, facts)
  return async ({ query, text }) => {
    const document = parse(query)
    const problems = validate(schema, document)
    if (problems.length > 0) return { status: 400, body: JSON.stringify({ errors: problems }) }
    const { variables } = JSON.parse(text, exact) as { variables: Record<string, unknown> }
    const result = await execute({
      schema,
      document,
      rootValue: {
        __typename: query.startsWith('mutation') ? 'Mutation' : 'Query',
        id: query.startsWith('mutation') ? 'Mutation' : 'Query',
      },
      variableValues: variables,
      fieldResolver: fieldResolver as never,
      typeResolver: (thing: unknown) => (thing as Thing).__typename,
    })
    return { body: toText(result) }
  }
}

function createResolver(subgraph: string, { model, data }: Facts): GraphQLFieldResolver<Held, unknown> {
  return (held, args, _context, { fieldName, parentType }) => {
    if (fieldName === '_entities') {
      return (args.representations as Record<string, unknown>[]).map((one) => toHeld(one, subgraph, model))
    }
    if (parentType.name === 'Org') return (held as unknown as { oid: string }).oid
    const key = parentType.name === 'Part' ? undefined : data.keyField(held, fieldName)
    if (key !== undefined) return key
    const field = data.fieldOf(parentType.name, fieldName)
    if (field === null) throw new Error(`${parentType.name} has no field ${fieldName}.`)
    const isOwn = parentType.name === 'Part' || field.owners.includes(subgraph) || held.provided?.includes(fieldName)
    if (!isOwn) throw new Error(`${subgraph} does not resolve ${parentType.name}.${fieldName}.`)
    if (data.fails(held, field, args)) throw new Error('This field fails.')
    const needed = field.requires ? neededBy(held, selectionOf(field.requires), data) : null
    const value = data.compute(held, field, args, needed)
    return field.provides.length === 0 ? value : mapThings(value, (thing) => ({ ...thing, provided: field.provides }))
  }
}

/** The values that a field requires: from the representation, or what came with the object. */
function neededBy(held: Held, required: SelectionSetNode, data: Data): unknown {
  const names = required.selections.flatMap((one) => (one.kind === Kind.FIELD ? [one.name.value] : []))
  if (names.every((name) => held.provided?.includes(name))) return data.select(held, required)
  return project(held.representation ?? {}, required)
}

function toHeld(representation: Record<string, unknown>, subgraph: string, { media }: Model): Held {
  const { id, sku, org, __typename } = representation as { id?: string; sku?: string; org?: { oid: string } } & {
    __typename: string
  }
  const found = id ?? sku?.slice('sku '.length) ?? org?.oid.slice('org '.length)
  if (found === undefined) throw new Error(`No key in ${JSON.stringify(representation)}.`)
  const isObject = media.objectIn === subgraph && __typename === 'Media'
  return { __typename: isObject ? 'Media' : found.split('-')[0]!, id: found, representation }
}

/** Numbers that lose digits become texts. */
const exact = (_key: string, value: unknown, context?: { source?: string }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value) ? context!.source : value

/** `Long` is a text in the resolvers and a number in JSON. */
function withLong(schema: GraphQLSchema): GraphQLSchema {
  const long = schema.getType('Long')
  if (!(long instanceof GraphQLScalarType)) return schema
  long.parseValue = (value) => (isExact(value) ? value.rawJSON : String(value))
  long.parseLiteral = (node) => {
    if (node.kind !== Kind.INT) throw new Error('Not a Long.')
    return node.value
  }
  long.serialize = (value) => JSON.rawJSON(String(value))
  return schema
}

export function toText(result: unknown): string {
  return JSON.stringify(result)
}
