import { codedError } from '../coded-error.ts'
import { isRow, type Row } from '../json.ts'
import { coordinateOf, type FieldGroup, type GroupedFetch } from '../planning/field-groups.ts'
import { narrowFetch } from '../planning/narrow-fetch.ts'
import type { SubgraphAnswer, SubgraphSource } from '../subgraphs/subgraph-source.ts'
import type { TypeTable } from '../type-table.ts'
import { ask, type Fetch, keysOf, onlyPlace, toFetch, variablesText } from './fetch-step.ts'
import { mergeRow } from './merge.ts'
import { type Path, pathsAt, placesOf } from './places.ts'
import type { PlanRun, Spot, Step } from './plan-run.ts'
import { compileRepresentation, type Represent } from './representations.ts'
import { applyRewrites } from './rewrites.ts'

/** The entities of one request: for each representation, the positions of its entities at the spot. */
type Batch = Map<string, number[]>

/** One request for all entities at a path. Entities with equal representations are fetched once. */
export function compileEntityFetch(node: GroupedFetch, source: SubgraphSource, types: TypeTable): Step {
  const fetch = toFetch(node, source, types)
  const represent = representing(node, types)
  const fetchOthers = compileNarrowed(node, source, types)
  return (run, spot) => {
    const batch: Batch = new Map()
    const incomplete: number[] = []
    spot.rows.forEach((row, index) => {
      const text = represent(row)
      if (text === undefined) incomplete.push(index)
      else if (text !== null) addTo(batch, text, index)
    })
    const asked = batch.size === 0 ? undefined : fetchBatch(fetch, batch, run, spot)
    if (incomplete.length === 0) return asked
    return Promise.all([asked, fetchOthers(incomplete, run, spot)]).then(() => {})
  }
}

function representing({ requires = [], inputRewrites = [], keys = [] }: GroupedFetch, types: TypeTable): Represent {
  return compileRepresentation({ requires, rewrites: inputRewrites, keys, types })
}

function addTo(batch: Batch, text: string, index: number): void {
  const known = batch.get(text)
  if (known) known.push(index)
  else batch.set(text, [index])
}

type Group = Readonly<{ group: FieldGroup; asked: Fetch['fields']; represent: Represent }>
type Narrowed = Readonly<{ fetch: Fetch; represent: Represent }>

/**
 * Entities of which a required field is missing, because a condition left it out or a subgraph did not answer it, are
 * asked for the fields that do not need it. The other fields are noted as absent.
 */
function compileNarrowed(node: GroupedFetch, source: SubgraphSource, types: TypeTable) {
  const { fields } = toFetch(node, source, types)
  const whole = { fields: [], keys: fields.map(({ key }) => key), requires: node.requires ?? [] }
  const groups = (node.groups ?? [whole]).map((group): Group => {
    const asked = fields.filter(({ key }) => group.keys.includes(key))
    return { group, asked, represent: representing({ ...node, requires: [...group.requires] }, types) }
  })
  const known = new Map<string, Narrowed>()
  const narrow = (possible: readonly Group[]): Narrowed => {
    const wanted = new Set(possible.flatMap(({ group }) => group.fields))
    const key = [...wanted].join()
    const found = known.get(key)
    if (found) return found
    const narrowed: GroupedFetch = {
      ...narrowFetch(node, (field) => wanted.has(coordinateOf(field))),
      requires: possible.flatMap(({ group }) => group.requires),
    }
    const compiled = { fetch: toFetch(narrowed, source, types), represent: representing(narrowed, types) }
    known.set(key, compiled)
    return compiled
  }

  return async (indexes: readonly number[], run: PlanRun, spot: Spot): Promise<void> => {
    const batches = new Map<Narrowed, Batch>()
    for (const index of indexes) {
      const row = spot.rows[index]!
      const possible = groups.filter(({ asked, represent }) => {
        const isPossible = typeof represent(row) === 'string'
        if (!isPossible) run.noteAbsence(row, keysOf(asked, run), absenceOf(node.serviceName))
        return isPossible
      })
      if (possible.length === 0) continue
      const narrowed = narrow(possible)
      const batch = batches.get(narrowed) ?? new Map()
      addTo(batch, narrowed.represent(row)!, index)
      batches.set(narrowed, batch)
    }
    await Promise.all([...batches].map(([{ fetch }, batch]) => fetchBatch(fetch, batch, run, spot)))
  }
}

function noEntity({ request: { service } }: Fetch) {
  return codedError('SUBGRAPH_INVALID_ANSWER', 'The subgraph answered something that is no object.', { service })
}

function absenceOf(service: string) {
  return codedError('SUBGRAPH_INVALID_ANSWER', 'This field needs another one that was not answered.', { service })
}

async function fetchBatch(fetch: Fetch, batch: Batch, run: PlanRun, spot: Spot): Promise<void> {
  const others = variablesText(fetch, run.variables)
  const representations = `"representations":[${[...batch.keys()].join(',')}]`
  const variables = `{${others}${others === '' ? '' : ','}${representations}}`
  const answer = await ask(fetch, variables, run, spot)
  if (answer === null) return
  const rowsOf = [...batch.values()]
  if (answer.errors.length > 0) reportEntityErrors(fetch, answer, rowsOf, run, spot)

  const entities = answer.data?._entities ?? null
  if (!Array.isArray(entities) || entities.length !== rowsOf.length) {
    if (entities !== null || answer.errors.length === 0) {
      run.fail('SUBGRAPH_INVALID_ANSWER', fetch.request.service, placesOf(spot.path, keysOf(fetch.fields, run)))
    }
    for (const indexes of rowsOf) explainAbsence(fetch, indexes, run, spot)
    return
  }
  for (const [at, indexes] of rowsOf.entries()) {
    const rows = indexes.map((index) => spot.rows[index]!)
    const entity: unknown = entities[at]
    if (isRow(entity)) mergeEntity(fetch, entity, rows)
    else if (entity !== null) for (const row of rows) run.noteAbsence(row, keysOf(fetch.fields, run), noEntity(fetch))
  }
}

function explainAbsence({ fields }: Fetch, indexes: readonly number[], run: PlanRun, spot: Spot): void {
  for (const index of indexes) run.noteAbsence(spot.rows[index]!, keysOf(fields, run), null)
}

function mergeEntity({ rewrites, types }: Fetch, entity: Row, rows: readonly Row[]): void {
  const [first] = rows
  if (!entity.__typename && first) entity.__typename = first.__typename
  applyRewrites(rewrites, entity, types)
  for (const row of rows) mergeRow(row, entity, types)
}

function reportEntityErrors(
  fetch: Fetch,
  { data, errors }: SubgraphAnswer,
  rowsOf: readonly (readonly number[])[],
  run: PlanRun,
  spot: Spot,
): void {
  const { request, fields } = fetch
  const entities: readonly unknown[] = Array.isArray(data?._entities) ? data._entities : []
  let paths: readonly Path[] | undefined
  for (const error of errors) {
    const [root, at, ...rest] = error.path ?? []
    const rows = root === '_entities' && typeof at === 'number' ? rowsOf[at] : undefined
    if (rows === undefined) {
      run.report(error, request.service, onlyPlace(spot.path, keysOf(fields, run)))
      continue
    }
    paths ??= pathsAt(run.root, spot.path)
    for (const row of rows) run.report(error, request.service, [...(paths[row] ?? []), ...rest])
    // Only an entity that is null as a whole has lost other fields by this error.
    if (!isRow(entities[at as number])) explainAbsence(fetch, rows, run, spot)
  }
}
