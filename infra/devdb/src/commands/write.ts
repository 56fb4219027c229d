import { BSON } from 'mongodb'
import { decode, encode, type Fields, isNumber, toNumber, type Value } from '../bson.ts'
import { type Context, whenFree } from '../database.ts'
import { CommandError, unsupported } from '../errors.ts'
import { readSort, type Sort } from '../planner.ts'
import { compileProjection } from '../projection.ts'
import { type Found, find } from '../query.ts'
import { compileUpdate, fieldsFromFilter } from '../updater.ts'

const { Int32, ObjectId } = BSON

/** What is wrong with one row of a write; the other rows stand. */
type WriteError = Readonly<{ index: BSON.Int32; code: BSON.Int32; errmsg: string }>

export async function insert(context: Context, command: Fields): Promise<Fields> {
  const documents = command.documents as Fields[]
  const collection = context.getOrCreate(String(command.insert))
  let inserted = 0
  const writeErrors = await eachRow(context, documents, command, async (document) => {
    context.database.counts.insert++
    await whenFree(() => context.writer.insert(collection, withIdFirst(document)))
    inserted++
  })
  return { n: new Int32(inserted), ...writeErrors }
}

export async function update(context: Context, command: Fields): Promise<Fields> {
  let matched = 0
  let modified = 0
  const upserted: Fields[] = []
  const name = String(command.update)
  const writeErrors = await eachRow(context, command.updates as Fields[], command, async (row, index) => {
    refuseOptions(row, ['collation', 'arrayFilters', 'hint', 'c'])
    context.database.counts.update++
    const changed = await updateRow(context, name, row)
    matched += changed.matched
    modified += changed.modified
    if (changed.upsertedId !== undefined) upserted.push({ index: new Int32(index), _id: changed.upsertedId })
  })
  const reply = { n: new Int32(matched + upserted.length), nModified: new Int32(modified) }
  return { ...reply, ...(upserted.length > 0 && { upserted }), ...writeErrors }
}

export async function remove(context: Context, command: Fields): Promise<Fields> {
  let removed = 0
  const collection = context.find(String(command.delete))
  const writeErrors = await eachRow(context, command.deletes as Fields[], command, async (row) => {
    refuseOptions(row, ['collation', 'hint'])
    context.database.counts.delete++
    if (!collection) return
    const query = { filter: row.q as Fields, sort: [], skip: 0, limit: toNumber(row.limit) }
    for (const found of await find(context.view, collection, query)) {
      await whenFree(async (waited) => {
        const current = waited ? await stillFits(context, String(command.delete), found, row.q as Fields) : found
        if (!current) return
        context.writer.remove(collection, current)
        removed++
      })
    }
  })
  return { n: new Int32(removed), ...writeErrors }
}

export async function findAndModify(context: Context, command: Fields): Promise<Fields> {
  refuseOptions(command, ['collation', 'arrayFilters', 'hint', 'let'])
  const name = String(command.findAndModify ?? command.findandmodify)
  const project = compileProjection((command.fields ?? {}) as Fields)
  const shown = (fields: Fields | null) => fields && project(fields)
  if (command.remove === true) {
    context.database.counts.delete++
    const removed: Found[] = []
    await whenFree(async () => {
      const found = await findOne(context, name, (command.query ?? {}) as Fields, readSort(command.sort))
      if (!found) return
      context.writer.remove(context.getOrCreate(name), found)
      removed.push(found)
    })
    return { lastErrorObject: { n: new Int32(removed.length) }, value: shown(removed[0]?.fields ?? null) }
  }
  context.database.counts.update++
  const row = { q: command.query ?? {}, u: command.update, upsert: command.upsert, multi: false }
  const changed = await updateRow(context, name, row, readSort(command.sort))
  const value = command.new === true ? changed.after : changed.before
  return {
    lastErrorObject: {
      n: new Int32(changed.matched + (changed.upsertedId === undefined ? 0 : 1)),
      updatedExisting: changed.matched > 0,
      ...(changed.upsertedId !== undefined && { upserted: changed.upsertedId }),
    },
    value: shown(value),
  }
}

type Changed = {
  matched: number
  modified: number
  upsertedId: Value
  before: Fields | null
  after: Fields | null
}

async function updateRow(context: Context, name: string, row: Fields, sort: Sort = []): Promise<Changed> {
  const apply = compileUpdate(row.u)
  const multi = row.multi === true
  const filter = row.q as Fields
  const collection = context.getOrCreate(name)
  const changed: Changed = { matched: 0, modified: 0, upsertedId: undefined, before: null, after: null }
  const found = await find(context.view, collection, { filter, sort, skip: 0, limit: multi ? 0 : 1 })

  for (const one of found) {
    await whenFree(async (waited) => {
      const current = waited ? await stillFits(context, name, one, filter) : one
      if (!current) return
      const after = apply(decode(current.body), false)
      const same = sameBytes(current.body, after)
      if (!same) context.writer.replace(collection, current, after) // Throws where it has to wait and come again.
      changed.before = current.fields
      changed.after = after
      changed.matched++
      if (!same) changed.modified++
    })
  }
  if (changed.matched === 0 && row.upsert === true) {
    const fields = apply(fieldsFromFilter(filter), true)
    const created = withIdFirst(fields._id === undefined ? { _id: new ObjectId(), ...fields } : fields)
    await whenFree(() => context.writer.insert(collection, created))
    changed.upsertedId = created._id
    changed.after = created
  }
  return changed
}

function sameBytes(body: Uint8Array, fields: Fields): boolean {
  return Buffer.compare(body, encode(fields)) === 0
}

/** The document as it is now: while a write waited for its turn, it may have changed or gone. */
async function stillFits(context: Context, name: string, found: Found, filter: Fields): Promise<Found | null> {
  const collection = context.getOrCreate(name)
  const query = { filter: { $and: [{ _id: found.fields._id }, filter] }, sort: [], skip: 0, limit: 1 }
  return (await find(context.view, collection, query))[0] ?? null
}

async function findOne(context: Context, name: string, filter: Fields, sort: Sort): Promise<Found | null> {
  return (await find(context.view, context.find(name), { filter, sort, skip: 0, limit: 1 }))[0] ?? null
}

type EachRow = (row: Fields, index: number) => Promise<void>

/** Does one row after the other. Ordered: stops at the first that fails. In a transaction a failure ends it all. */
async function eachRow({ transaction }: Context, rows: readonly Fields[], command: Fields, write: EachRow) {
  const writeErrors: WriteError[] = []
  for (const [index, row] of rows.entries()) {
    try {
      await write(row, index)
    } catch (error) {
      if (!(error instanceof CommandError) || transaction) throw error
      writeErrors.push({ index: new Int32(index), code: new Int32(error.code), errmsg: error.message, ...error.facts })
      if (command.ordered !== false) break
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {}
}

function withIdFirst(document: Fields): Fields {
  const { _id = new ObjectId(), ...rest } = document
  if (Array.isArray(_id)) throw new CommandError(2, "The '_id' value cannot be of type array")
  const dollar = Object.keys(rest).find((name) => name.startsWith('$'))
  if (dollar !== undefined) throw unsupported(`The field name ${dollar}`)
  return { _id, ...rest }
}

function refuseOptions(row: Fields, names: readonly string[]): void {
  const given = names.find((name) => row[name] !== undefined && !(isNumber(row[name]) && toNumber(row[name]) === 0))
  if (given !== undefined) throw unsupported(`The option ${given} of a write`)
}
