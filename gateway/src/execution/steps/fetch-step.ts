import type { FetchNode } from '@apollo/query-planner'
import { type DirectiveNode, Kind, parse, type SelectionSetNode } from 'graphql'
import { compileLostDigits } from '../answers/lost-digits.ts'
import { isLeftOut } from '../answers/selection.ts'
import { quote, type Row } from '../json.ts'
import type { FetchRequest, SubgraphAnswer, SubgraphSource } from '../subgraphs/subgraph-source.ts'
import type { TypeTable } from '../type-table.ts'
import { mergeRow } from './merge.ts'
import { type Path, placesOf } from './places.ts'
import type { PlanRun, Spot, Step } from './plan-run.ts'
import { applyRewrites } from './rewrites.ts'

/** A response key that a fetch asks for, with the directives of the field and of the fragments around it. */
type AskedField = Readonly<{ key: string; directives: readonly DirectiveNode[] }>

/** A fetch of a plan, compiled. */
export type Fetch = Readonly<{
  request: FetchRequest
  source: SubgraphSource
  variables: readonly (readonly [name: string, head: string])[]
  rewrites: NonNullable<FetchNode['outputRewrites']>
  fields: readonly AskedField[]
  types: TypeTable
}>

export function toFetch(node: FetchNode, source: SubgraphSource, types: TypeTable): Fetch {
  return {
    request: toRequest(node, types),
    source,
    variables: (node.variableUsages ?? []).map((name) => [name, `${quote(name)}:`]),
    rewrites: node.outputRewrites ?? [],
    fields: fieldsOf(node),
    types,
  }
}

/** One request for the root of the operation, or for what a subgraph answers without the key of an entity. */
export function compileRootFetch(node: FetchNode, source: SubgraphSource, types: TypeTable): Step {
  const fetch = toFetch(node, source, types)
  return (run, spot) => fetchRoot(fetch, run, spot)
}

/** The response keys that are asked for under the conditions of a run. */
export function keysOf(fields: readonly AskedField[], { conditions }: PlanRun): readonly string[] {
  const wanted = fields.filter(({ directives }) => !isLeftOut(directives, conditions))
  return [...new Set(wanted.map(({ key }) => key))]
}

/** Null without an answer, which is then reported to the run. */
export async function ask(fetch: Fetch, variables: string, run: PlanRun, spot: Spot): Promise<SubgraphAnswer | null> {
  try {
    const answer = await fetch.source(fetch.request, variables, run.context)
    run.isPlain &&= answer.isPlain
    return answer
  } catch {
    // The source has logged the cause.
    run.fail('SUBGRAPH_UNAVAILABLE', fetch.request.service, placesOf(spot.path, keysOf(fetch.fields, run)))
    return null
  }
}

function toRequest(
  { serviceName, operation, operationName, operationKind }: FetchNode,
  types: TypeTable,
): FetchRequest {
  const named = operationName === undefined ? '' : `"operationName":${quote(operationName)},`
  const bodyHead = `{"query":${quote(operation)},${named}"variables":`
  return {
    service: serviceName,
    query: operation,
    operationName: operationName ?? null,
    bodyHead,
    bodyHeadBytes: Buffer.byteLength(bodyHead),
    isRead: operationKind !== 'mutation',
    losesDigits: compileLostDigits(operation, types),
  }
}

function fieldsOf({ operation, requires }: FetchNode): readonly AskedField[] {
  const { definitions } = parse(operation, { noLocation: true })
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const collect = ({ selections }: SelectionSetNode, around: readonly DirectiveNode[]): AskedField[] =>
    selections.flatMap((selection) => {
      const directives = [...around, ...(selection.directives ?? [])]
      if (selection.kind === Kind.FIELD) return { key: selection.alias?.value ?? selection.name.value, directives }
      const isInline = selection.kind === Kind.INLINE_FRAGMENT
      const fragment = isInline ? selection : fragments.find(({ name }) => name.value === selection.name.value)
      return fragment ? collect(fragment.selectionSet, directives) : []
    })

  const [root] = definitions
  if (root?.kind !== Kind.OPERATION_DEFINITION) return []
  const [entities] = root.selectionSet.selections
  const ofEntities = requires && entities?.kind === Kind.FIELD ? entities.selectionSet : undefined
  return collect(ofEntities ?? root.selectionSet, []).filter(({ key }) => key !== '__typename')
}

export function variablesText({ variables }: Fetch, given: Row): string {
  let text = ''
  for (const [name, head] of variables) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    const json = typeof value === 'string' ? quote(value) : JSON.stringify(value)
    if (json !== undefined) text += `${text === '' ? '' : ','}${head}${json}`
  }
  return text
}

async function fetchRoot(fetch: Fetch, run: PlanRun, spot: Spot): Promise<void> {
  const { rows, path } = spot
  if (rows.length === 0) return
  const answer = await ask(fetch, `{${variablesText(fetch, run.variables)}}`, run, spot)
  if (answer === null) return
  for (const error of answer.errors) {
    const place = error.path ? [...path, ...error.path] : onlyPlace(path, keysOf(fetch.fields, run))
    run.report(error, fetch.request.service, place)
  }
  if (answer.data === null) {
    for (const row of rows) run.noteAbsence(row, keysOf(fetch.fields, run), null)
    return
  }
  applyRewrites(fetch.rewrites, answer.data, fetch.types)
  for (const row of rows) mergeRow(row, answer.data, fetch.types)
}

/** The place of an error without a path: known only if the fetch has a single place. */
export function onlyPlace(path: readonly string[], fields: readonly string[]): Path | undefined {
  const places = placesOf(path, fields)
  return places.length === 1 ? places[0] : undefined
}
