import { type Schema, Supergraph } from '@apollo/federation-internals'
import { type DirectiveDefinitionNode, type DocumentNode, extendSchema, type GraphQLSchema, Kind, parse } from 'graphql'
import { createTypeTable, type TypeTable } from '../type-table.ts'
import { createPlannedKeys, type PlannedKey } from './planned-keys.ts'

/** A supergraph: the schema that clients see, and the subgraphs behind it. */
export type LoadedSupergraph = Readonly<{
  schema: GraphQLSchema
  /** Including elements that clients do not see. */
  superSchema: GraphQLSchema
  /** `schema` in the form that the planner reads. */
  api: Schema
  types: TypeTable
  plannedKey: PlannedKey
  /** The schema of one subgraph. */
  schemaOf: (subgraph: string) => GraphQLSchema
  /** The address of each subgraph by name, from composition. */
  urls: Readonly<Record<string, string>>
}>

/** The one that was read last: reading takes a third of a second, and tests start many gateways in one process. */
let last: Readonly<{ text: string; supergraph: LoadedSupergraph }> | null = null

/**
 * Reads a composed Federation 2 schema. The same text again returns the same supergraph, which nothing changes.
 * @throws if the text is not a supergraph, or requires features that the gateway does not support.
 */
export function loadSupergraph(text: string): LoadedSupergraph {
  if (last?.text !== text) last = { text, supergraph: read(text) }
  return last.supergraph
}

function read(text: string): LoadedSupergraph {
  const document = parse(text, { noLocation: true })
  const seen = Supergraph.build(document, { validateSupergraph: false })
  const api = seen.apiSchema()
  const superSchema = seen.schema.toGraphQLJSSchema()
  const schema = withClientDirectives(api.toGraphQLJSSchema(), document)

  return {
    schema,
    superSchema,
    api,
    types: createTypeTable(superSchema, schema),
    plannedKey: createPlannedKeys(superSchema),
    schemaOf: (name) => seen.subgraphs().get(name)!.schema.toGraphQLJSSchema(),
    urls: Object.fromEntries([...seen.subgraphsMetadata()].map(({ name, url }) => [name, url])),
  }
}

/** Locations of directives in documents of clients. */
const CLIENT_LOCATIONS = /^(QUERY|MUTATION|SUBSCRIPTION|FIELD|FRAGMENT_DEFINITION|FRAGMENT_SPREAD|INLINE_FRAGMENT)$/

/** Adds composed directives that clients may use, which the schema of the planner leaves out. */
function withClientDirectives(schema: GraphQLSchema, { definitions }: DocumentNode): GraphQLSchema {
  const composed = definitions.filter(
    (definition): definition is DirectiveDefinitionNode =>
      definition.kind === Kind.DIRECTIVE_DEFINITION &&
      definition.locations.some(({ value }) => CLIENT_LOCATIONS.test(value)) &&
      schema.getDirective(definition.name.value) === undefined,
  )
  if (composed.length === 0) return schema
  return extendSchema(schema, { kind: Kind.DOCUMENT, definitions: composed }, { assumeValid: true })
}
