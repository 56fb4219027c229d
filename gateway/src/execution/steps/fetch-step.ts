import type { FetchNode } from '@apollo/query-planner'
import { Kind, parse, type SelectionSetNode } from 'graphql'
import { isRow, quote, type Row } from '../json.ts'
import type { FetchRequest, SubgraphAnswer, SubgraphSource } from '../subgraphs/subgraph-source.ts'
import type { TypeTable } from '../type-table.ts'
import { mergeRow } from './merge.ts'
import { type Path, pathsAt, placesOf } from './places.ts'
import type { PlanRun, Spot, Step } from './plan-run.ts'
import { compileRepresentation, type Represent } from './representations.ts'
import { applyRewrites } from './rewrites.ts'

type Fetch = Readonly<{
  request: FetchRequest
  source: SubgraphSource
  variables: readonly (readonly [name: string, head: string])[]
  represent: Represent | null
  rewrites: NonNullable<FetchNode['outputRewrites']>
  /** The response keys that it fetches. */
  fields: readonly string[]
  types: TypeTable
}>

/** One request to one subgraph: for the root of the operation, or for all entities at a path. */
export function compileFetch(node: FetchNode, source: SubgraphSource, types: TypeTable): Step {
  const fetch: Fetch = {
    request: toRequest(node),
    source,
    variables: (node.variableUsages ?? []).map((name) => [name, `${quote(name)}:`]),
    represent: node.requires ? compileRepresentation(node.requires, node.inputRewrites ?? [], types) : null,
    rewrites: node.outputRewrites ?? [],
    fields: fieldsOf(node),
    types,
  }
  const { represent } = fetch
  return represent
    ? (run, spot) => fetchEntities(fetch, represent, run, spot)
    : (run, spot) => fetchRoot(fetch, run, spot)
}

/** Null without an answer, which is then reported to the run. */
async function ask(fetch: Fetch, variables: string, run: PlanRun, spot: Spot): Promise<SubgraphAnswer | null> {
  try {
    const answer = await fetch.source(fetch.request, variables, run.context)
    run.isPlain &&= answer.isPlain
    return answer
  } catch {
    // The source has logged the cause.
    run.fail('SUBGRAPH_UNAVAILABLE', fetch.request.service, placesOf(spot.path, fetch.fields))
    return null
  }
}

function toRequest({ serviceName, operation, operationName, operationKind }: FetchNode): FetchRequest {
  const named = operationName === undefined ? '' : `"operationName":${quote(operationName)},`
  return {
    service: serviceName,
    query: operation,
    operationName: operationName ?? null,
    bodyHead: `{"query":${quote(operation)},${named}"variables":`,
    isRead: operationKind !== 'mutation',
  }
}

function fieldsOf({ operation, requires }: FetchNode): readonly string[] {
  const { definitions } = parse(operation, { noLocation: true })
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const keysOf = ({ selections }: SelectionSetNode): string[] =>
    selections.flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return selection.alias?.value ?? selection.name.value
      const isInline = selection.kind === Kind.INLINE_FRAGMENT
      const fragment = isInline ? selection : fragments.find(({ name }) => name.value === selection.name.value)
      return fragment ? keysOf(fragment.selectionSet) : []
    })

  const [root] = definitions
  if (root?.kind !== Kind.OPERATION_DEFINITION) return []
  const [entities] = root.selectionSet.selections
  const ofEntities = requires && entities?.kind === Kind.FIELD ? entities.selectionSet : undefined
  const keys = keysOf(ofEntities ?? root.selectionSet)
  return [...new Set(keys)].filter((key) => key !== '__typename')
}

function variablesText({ variables }: Fetch, given: Row): string {
  let text = ''
  for (const [name, head] of variables) {
    const value = Object.hasOwn(given, name) ? JSON.stringify(given[name]) : undefined
    if (value !== undefined) text += `${text === '' ? '' : ','}${head}${value}`
  }
  return text
}

async function fetchRoot(fetch: Fetch, run: PlanRun, spot: Spot): Promise<void> {
  const { rows, path } = spot
  if (rows.length === 0) return
  const answer = await ask(fetch, `{${variablesText(fetch, run.variables)}}`, run, spot)
  if (answer === null) return
  for (const error of answer.errors) {
    const place = error.path ? [...path, ...error.path] : onlyPlace(path, fetch.fields)
    run.report(error, fetch.request.service, place)
  }
  if (answer.data === null) return
  applyRewrites(fetch.rewrites, answer.data, fetch.types)
  for (const row of rows) mergeRow(row, answer.data, fetch.types)
}

/** Entities with equal representations are fetched once. */
async function fetchEntities(fetch: Fetch, represent: Represent, run: PlanRun, spot: Spot): Promise<void> {
  const positions = new Map<string, number[]>()
  spot.rows.forEach((row, index) => {
    const text = represent(row)
    if (text === null) return
    const known = positions.get(text)
    if (known) known.push(index)
    else positions.set(text, [index])
  })
  if (positions.size === 0) return

  const others = variablesText(fetch, run.variables)
  const representations = `"representations":[${[...positions.keys()].join(',')}]`
  const variables = `{${others}${others === '' ? '' : ','}${representations}}`
  const answer = await ask(fetch, variables, run, spot)
  if (answer === null) return
  const rowsOf = [...positions.values()]
  if (answer.errors.length > 0) reportEntityErrors(fetch, answer, rowsOf, run, spot)
  if (answer.data === null) return

  const entities = answer.data._entities
  if (!Array.isArray(entities) || entities.length !== rowsOf.length) {
    if (entities === null && answer.errors.length > 0) return
    run.fail('SUBGRAPH_INVALID_ANSWER', fetch.request.service, placesOf(spot.path, fetch.fields))
    return
  }
  for (const [at, indexes] of rowsOf.entries()) {
    mergeEntity(
      fetch,
      entities[at],
      indexes.map((index) => spot.rows[index]!),
    )
  }
}

function mergeEntity({ rewrites, types }: Fetch, entity: unknown, rows: readonly Row[]): void {
  if (!isRow(entity)) return
  const [first] = rows
  if (!entity.__typename && first) entity.__typename = first.__typename
  applyRewrites(rewrites, entity, types)
  for (const row of rows) mergeRow(row, entity, types)
}

function reportEntityErrors(
  { request, fields }: Fetch,
  { errors }: SubgraphAnswer,
  rowsOf: readonly (readonly number[])[],
  run: PlanRun,
  spot: Spot,
): void {
  let paths: readonly Path[] | undefined
  for (const error of errors) {
    const [root, at, ...rest] = error.path ?? []
    const rows = root === '_entities' && typeof at === 'number' ? rowsOf[at] : undefined
    if (rows === undefined) {
      run.report(error, request.service, onlyPlace(spot.path, fields))
      continue
    }
    paths ??= pathsAt(run.root, spot.path)
    for (const row of rows) run.report(error, request.service, [...(paths[row] ?? []), ...rest])
  }
}

/** The place of an error without a path: known only if the fetch has a single place. */
function onlyPlace(path: readonly string[], fields: readonly string[]): Path | undefined {
  const places = placesOf(path, fields)
  return places.length === 1 ? places[0] : undefined
}
