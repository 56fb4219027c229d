import { BSON } from 'mongodb'
import { type Fields, isNumber, isObject, toNumber, type Value } from './bson.ts'
import { CommandError, unsupported } from './errors.ts'
import { compileExpression, type Expression, toBsonNumber } from './expressions.ts'
import { compareValues, encodeKey } from './keys.ts'
import { compileFilter } from './matcher.ts'
import { toPath, valueAt } from './paths.ts'
import { readSort } from './planner.ts'
import { compileProjection } from './projection.ts'
import { type Query, sortDocuments } from './query.ts'

const { Int32 } = BSON

/** Reads documents of a collection of the same database. */
export type FindIn = (collection: string, query: Query) => Promise<readonly Fields[]>
type Stage = (documents: readonly Fields[]) => readonly Fields[] | Promise<readonly Fields[]>

/** Runs a pipeline; what its first stages ask for is answered by an index where there is one. */
export async function aggregate(from: string, pipeline: readonly Fields[], find: FindIn): Promise<readonly Fields[]> {
  const { query, rest } = toQuery(pipeline)
  const stages = rest.map((stage) => compileStage(stage, find))
  let documents = await find(from, query)
  for (const stage of stages) documents = await stage(documents)
  return documents
}

/** `$match`, `$sort`, `$skip` and `$limit` at the beginning are a query. */
function toQuery(pipeline: readonly Fields[]): { query: Query; rest: readonly Fields[] } {
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
    skip: taken.$skip === undefined ? 0 : toNumber(taken.$skip),
    limit: taken.$limit === undefined ? 0 : toNumber(taken.$limit),
  }
  return { query, rest: pipeline.slice(at) }
}

function compileStage(stage: Fields, find: FindIn): Stage {
  const [name] = Object.keys(stage)
  const compile = name === undefined ? undefined : STAGES[name]
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
  $limit: (operand) => (documents) => documents.slice(0, toNumber(operand)),
  $skip: (operand) => (documents) => documents.slice(toNumber(operand)),
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
  const project = compileProjection({ _id: new Int32(1), ...plain })
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

function compileUnwind(operand: Value): Stage {
  const { path, preserveNullAndEmptyArrays = false, ...rest } = isObject(operand) ? operand : { path: operand }
  const [other] = Object.keys(rest)
  if (other !== undefined) throw unsupported(`The option ${other} of $unwind`)
  const name = String(path).slice(1)
  if (name.includes('.')) throw unsupported(`$unwind of the dotted path ${name}`)
  return (documents) =>
    documents.flatMap((fields) => {
      const value = fields[name]
      if (Array.isArray(value) && value.length > 0) return value.map((item) => ({ ...fields, [name]: item }))
      const isEmpty = value === undefined || value === null || Array.isArray(value)
      if (!isEmpty) return [fields]
      const { [name]: _, ...without } = fields
      return preserveNullAndEmptyArrays === true ? [Array.isArray(value) ? without : fields] : []
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
      const value = valueAt(fields, path)
      const condition = { [foreignField]: Array.isArray(value) ? { $in: value } : (value ?? null) }
      const [first, ...others] = pipeline as Fields[]
      const match = first?.$match
        ? [{ $match: { $and: [condition, first.$match] } }, ...others]
        : [{ $match: condition }, ...(pipeline as Fields[])]
      joined.push({ ...fields, [String(as)]: await aggregate(String(from), match, find) })
    }
    return joined
  }
}

type Accumulate = (compute: Expression) => (documents: readonly Fields[]) => Value

const known = (documents: readonly Fields[], compute: Expression) =>
  documents.map(compute).filter((value) => value !== undefined && value !== null)
const extreme =
  (wanted: 1 | -1): Accumulate =>
  (compute) =>
  (documents) =>
    known(documents, compute).reduce(
      (best: Value, value) => (best === null || compareValues(value, best) * wanted > 0 ? value : best),
      null,
    )
const sum = (values: readonly Value[]) => {
  const numbers = values.filter(isNumber)
  return toBsonNumber(
    numbers.reduce((total: number, value) => total + toNumber(value), 0),
    numbers,
  )
}

const ACCUMULATORS: Readonly<Record<string, Accumulate>> = {
  $sum: (compute) => (documents) => sum(documents.map(compute)),
  $count: () => (documents) => new Int32(documents.length),
  $avg: (compute) => (documents) => {
    const numbers = documents.map(compute).filter(isNumber).map(toNumber)
    return numbers.length === 0
      ? null
      : new BSON.Double(numbers.reduce((total, one) => total + one, 0) / numbers.length)
  },
  $min: extreme(-1),
  $max: extreme(1),
  $first: (compute) => (documents) => compute(documents[0]!) ?? null,
  $last: (compute) => (documents) => compute(documents.at(-1)!) ?? null,
  $push: (compute) => (documents) => documents.map(compute).filter((value) => value !== undefined),
  $addToSet: (compute) => (documents) => {
    const values = documents.map(compute).filter((value) => value !== undefined)
    return [...new Map(values.map((value) => [encodeKey(value).toString('latin1'), value])).values()]
  },
}

function compileGroup({ _id, ...fields }: Fields): Stage {
  const key = compileExpression(_id ?? null)
  const accumulators = Object.entries(fields).map(([name, definition]) => {
    const [operator] = Object.keys(definition as Fields)
    const accumulate = operator === undefined ? undefined : ACCUMULATORS[operator]
    if (!accumulate) throw unsupported(`The accumulator ${operator}`)
    return [name, accumulate(compileExpression((definition as Fields)[operator!]))] as const
  })
  return (documents) => {
    const groups = new Map<string, { id: Value; members: Fields[] }>()
    for (const document of documents) {
      const id = key(document) ?? null
      const name = encodeKey(id).toString('latin1')
      const group = groups.get(name)
      if (group) group.members.push(document)
      else groups.set(name, { id, members: [document] })
    }
    return [...groups.values()].map(({ id, members }) => ({
      _id: id,
      ...Object.fromEntries(accumulators.map(([name, accumulate]) => [name, accumulate(members)])),
    }))
  }
}
