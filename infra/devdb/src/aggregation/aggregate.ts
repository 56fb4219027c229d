import { BSON } from 'mongodb'
import { CommandError, unsupported } from '../errors.ts'
import { compileFilter, isOperators } from '../queries/matcher.ts'
import { readSort } from '../queries/planner.ts'
import { compileProjection, keepsFields } from '../queries/projection.ts'
import type { Query } from '../queries/query.ts'
import { sortDocuments } from '../queries/sort-documents.ts'
import { type Fields, isNumber, isObject, lookUp, toNumber, type Value } from '../values/bson.ts'
import { toPath, valuesAt } from '../values/paths.ts'
import { compileExpression } from './expressions.ts'
import { compileGroup } from './group.ts'
import { compileUnwind } from './unwind.ts'

const { Int32 } = BSON

/** Reads documents of a collection of the same database, with only the fields of `projection` when it is not null. */
export type FindIn = (collection: string, query: Query, projection: Fields | null) => Promise<readonly Fields[]>
type Stage = (documents: readonly Fields[]) => readonly Fields[] | Promise<readonly Fields[]>

/** Runs a pipeline. Its first stages are run as a query, which may use an index. */
export async function aggregate(from: string, pipeline: readonly Fields[], find: FindIn): Promise<readonly Fields[]> {
  for (const stage of pipeline) {
    if (!isObject(stage) || Object.keys(stage).length !== 1)
      throw new CommandError(40323, 'A stage has exactly one field')
  }
  const { query, projection, rest } = toQuery(pipeline)
  const stages = rest.map((stage) => compileStage(stage, find))
  let documents = await find(from, query, projection)
  for (const stage of stages) documents = await stage(documents)
  return documents
}

type Asked = Readonly<{ query: Query; projection: Fields | null; rest: readonly Fields[] }>

/** Takes `$match`, `$sort`, `$skip`, `$limit` and `$project`, in this order, from the beginning of the pipeline. */
function toQuery(pipeline: readonly Fields[]): Asked {
  const order = ['$match', '$sort', '$skip', '$limit']
  const taken: Fields = {}
  let at = 0
  for (const name of order) {
    const stage = pipeline[at]
    if (!stage || !Object.hasOwn(stage, name)) continue
    taken[name] = stage[name]
    at++
  }
  const query = {
    filter: (taken.$match ?? {}) as Fields,
    sort: readSort(taken.$sort),
    skip: taken.$skip === undefined ? 0 : readSkip(taken.$skip),
    limit: taken.$limit === undefined ? 0 : readLimit(taken.$limit),
  }
  const projection = pipeline[at]?.$project
  if (!isObject(projection) || !keepsFields(projection)) return { query, projection: null, rest: pipeline.slice(at) }
  return { query, projection, rest: pipeline.slice(at + 1) }
}

function readLimit(value: Value): number {
  if (!isNumber(value) || toNumber(value) <= 0) throw new CommandError(15958, 'the limit must be positive')
  return toNumber(value)
}

function readSkip(value: Value): number {
  if (!isNumber(value) || toNumber(value) < 0) throw new CommandError(15956, 'Argument to $skip cannot be negative')
  return toNumber(value)
}

function compileStage(stage: Fields, find: FindIn): Stage {
  const [name] = Object.keys(stage)
  const compile = name === undefined ? undefined : lookUp(STAGES, name)
  if (!compile) throw unsupported(`The aggregation stage ${name}`)
  return compile(stage[name!], find)
}

const STAGES: Readonly<Record<string, (operand: Value, find: FindIn) => Stage>> = {
  $match: (operand) => {
    const fits = compileFilter(operand as Fields)
    return (documents) => documents.filter(fits)
  },
  $sort: (operand) => (documents) =>
    sortDocuments(
      documents.map((fields) => ({ fields })),
      readSort(operand),
    ).map(({ fields }) => fields),
  $limit: (operand) => {
    const limit = readLimit(operand)
    return (documents) => documents.slice(0, limit)
  },
  $skip: (operand) => {
    const skip = readSkip(operand)
    return (documents) => documents.slice(skip)
  },
  $project: (operand) => compileProject(operand as Fields),
  $set: (operand) => compileSet(operand as Fields),
  $addFields: (operand) => compileSet(operand as Fields),
  $unset: (operand) => {
    const names = (Array.isArray(operand) ? operand : [operand]) as string[]
    const project = compileProjection(Object.fromEntries(names.map((name) => [name, new Int32(0)])))
    return (documents) => documents.map(project)
  },
  $count: (operand) => (documents) =>
    documents.length === 0 ? [] : [{ [String(operand)]: new Int32(documents.length) }],
  $unwind: (operand) => compileUnwind(operand),
  $group: (operand) => compileGroup(operand as Fields),
  $replaceRoot: (operand) => replaceRoot((operand as Fields).newRoot),
  $replaceWith: (operand) => replaceRoot(operand),
  $lookup: (operand, find) => compileLookup(operand as Fields, find),
  $unionWith: (operand, find) => compileUnion(operand as Fields, find),
}

function compileProject(projection: Fields): Stage {
  const computed = Object.entries(projection).filter(([, value]) => !isNumber(value) && typeof value !== 'boolean')
  const plain = Object.fromEntries(
    Object.entries(projection).filter(([, value]) => isNumber(value) || typeof value === 'boolean'),
  )
  if (computed.length === 0) {
    const project = compileProjection(plain)
    return (documents) => documents.map(project)
  }
  const nested = computed.find(([, value]) => isObject(value) && !isOperators(value))
  if (nested) throw unsupported(`The nested $project of ${nested[0]}`)
  const { _id = new Int32(1), ...named } = plain
  const keep =
    Object.keys(named).length > 0 ? compileProjection({ _id, ...named }) : compileProjection({ _id: new Int32(1) })
  const dropsId = _id === false || (isNumber(_id) && toNumber(_id) === 0)
  const project = (fields: Fields) => {
    const kept = keep(fields)
    if (dropsId) delete kept._id
    return kept
  }
  const set = compileSet(Object.fromEntries(computed)) as (documents: readonly Fields[]) => readonly Fields[]
  return (documents) => {
    const values = set(documents)
    return documents.map((fields, at) => {
      const added = computed.map(([name]) => [name, values[at]![name]])
      return { ...project(fields), ...Object.fromEntries(added) }
    })
  }
}

function compileSet(operand: Fields): Stage {
  const entries = Object.entries(operand).map(([name, expression]) => {
    if (name.includes('.')) throw unsupported(`Setting the dotted path ${name} in a pipeline`)
    if (isObject(expression) && !isOperators(expression)) throw unsupported(`Setting below ${name} in a pipeline`)
    return [name, compileExpression(expression)] as const
  })
  return (documents) =>
    documents.map((fields) => ({
      ...fields,
      ...Object.fromEntries(entries.map(([name, compute]) => [name, compute(fields)])),
    }))
}

function replaceRoot(operand: Value): Stage {
  const compute = compileExpression(operand)
  return (documents) =>
    documents.map((fields) => {
      const root = compute(fields)
      if (!isObject(root)) throw new CommandError(2, 'The new root must be a document')
      return root
    })
}

function compileLookup({ from, localField, foreignField, as, pipeline = [], ...rest }: Fields, find: FindIn): Stage {
  const [other] = Object.keys(rest)
  if (other !== undefined) throw unsupported(`The option ${other} of $lookup`)
  if (typeof localField !== 'string' || typeof foreignField !== 'string')
    throw unsupported('$lookup without localField and foreignField')
  const path = toPath(localField)
  return async (documents) => {
    const joined: Fields[] = []
    for (const fields of documents) {
      const values = valuesAt(fields, path).flatMap((value): Value[] =>
        Array.isArray(value) ? value : [value ?? null],
      )
      const condition = { [foreignField]: values.length === 1 ? { $eq: values[0] } : { $in: values } }
      const [first, ...others] = pipeline as Fields[]
      const match = first?.$match
        ? [{ $match: { $and: [condition, first.$match] } }, ...others]
        : [{ $match: condition }, ...(pipeline as Fields[])]
      joined.push({ ...fields, [String(as)]: await aggregate(String(from), match, find) })
    }
    return joined
  }
}

function compileUnion({ coll, pipeline = [], ...rest }: Fields, find: FindIn): Stage {
  const [other] = Object.keys(rest)
  if (other !== undefined) throw unsupported(`The option ${other} of $unionWith`)
  if (typeof coll !== 'string') throw unsupported('$unionWith without a collection')
  return async (documents) => [...documents, ...(await aggregate(coll, pipeline as Fields[], find))]
}
