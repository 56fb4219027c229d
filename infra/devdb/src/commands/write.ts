import { BSON } from 'mongodb'
import { type Context, whenFree } from '../database.ts'
import { CommandError } from '../errors.ts'
import { toReply } from '../protocol/tally.ts'
import { readSort, type Sort } from '../queries/planner.ts'
import { compileProjection } from '../queries/projection.ts'
import { type Found, find, lookAgain } from '../queries/query.ts'
import { compileTest } from '../queries/stored-test.ts'
import type { Collection } from '../storage/catalog.ts'
import { encodeDocument } from '../storage/change.ts'
import { compileStoredUpdate } from '../updates/stored-update.ts'
import { fieldsFromFilter } from '../updates/upsert-fields.ts'
import { decode, type Fields, toNumber, type Value } from '../values/bson.ts'
import { eachRow, readUpdate, refuseOptions, toBody, withIdFirst } from './rows.ts'

const { Int32 } = BSON

export async function insert(context: Context, command: Fields): Promise<Fields> {
  const name = String(command.insert)
  await eachRow(context, command.documents as (Fields | Uint8Array)[], command, (document) => {
    context.database.counts.insert++
    const body = toBody(document)
    return whenFree(() => {
      context.writer.insert(context.getOrCreate(name), body)
      context.tally.n++
    })
  })
  return toReply(context.tally, false)
}

export async function update(context: Context, command: Fields): Promise<Fields> {
  const name = String(command.update)
  const { tally } = context
  await eachRow(context, command.updates as (Fields | Uint8Array)[], command, async (given, index) => {
    const row = given instanceof Uint8Array ? readUpdate(given) : given
    refuseOptions(row, ['q', 'u', 'multi', 'upsert'])
    context.database.counts.update++
    const { matched, modified, upsertedId } = await updateRow(context, name, row)
    tally.n += matched
    tally.nModified += modified
    if (upsertedId === undefined) return
    tally.n++
    tally.upserted.push({ index: new Int32(index), _id: upsertedId })
  })
  return toReply(tally, true)
}

export async function remove(context: Context, command: Fields): Promise<Fields> {
  const name = String(command.delete)
  await eachRow(context, command.deletes as Fields[], command, async (row) => {
    refuseOptions(row, ['q', 'limit'])
    context.database.counts.delete++
    const wanted = { name, filter: row.q as Fields, sort: [], limit: toNumber(row.limit) }
    context.tally.n += await changeFound(context, wanted, context.writer.remove)
  })
  return toReply(context.tally, false)
}

export async function findAndModify(context: Context, command: Fields): Promise<Fields> {
  const name = String(command.findAndModify ?? command.findandmodify)
  const project = compileProjection((command.fields ?? {}) as Fields)
  const shown = (fields: Fields | null) => fields && project(fields)
  if (command.remove === true) {
    context.database.counts.delete++
    let removed: Fields | null = null
    const wanted = { name, filter: (command.query ?? {}) as Fields, sort: readSort(command.sort), limit: 1 }
    const n = await changeFound(context, wanted, (collection, current) => {
      context.writer.remove(collection, current)
      removed = current.fields
    })
    return { lastErrorObject: { n: new Int32(n) }, value: shown(removed) }
  }
  if (command.update === undefined) throw new CommandError(9, 'Either an update or remove=true must be specified')
  context.database.counts.update++
  const row = { q: command.query ?? {}, u: command.update, upsert: command.upsert, multi: false }
  const changed = await updateRow(context, name, row, readSort(command.sort))
  const value = command.new === true ? changed.after && decode(changed.after) : (changed.before?.fields ?? null)
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
  before: Found | null
  after: Uint8Array | null
}

async function updateRow(context: Context, name: string, row: Fields, sort: Sort = []): Promise<Changed> {
  const update = compileStoredUpdate(row.u)
  const multi = row.multi === true
  if (multi && update.isReplacement)
    throw new CommandError(9, 'multi update is not supported for replacement-style update')
  const filter = row.q as Fields
  const wanted = { name, filter, sort, limit: multi ? 0 : 1 }
  const changed: Changed = { matched: 0, modified: 0, upsertedId: undefined, before: null, after: null }
  const write = (collection: Collection, current: Found) => {
    const after = update.change(current.body)
    if (context.writer.replace(collection, current, after)) changed.modified++
    changed.matched++
    changed.before = current
    changed.after = after
  }
  await changeFound(context, wanted, write)
  while (changed.matched === 0 && row.upsert === true && changed.upsertedId === undefined) {
    const created = withIdFirst(update.create(fieldsFromFilter(filter)))
    const body = encodeDocument(created)
    try {
      await whenFree(() => context.writer.insert(context.getOrCreate(name), body))
      changed.upsertedId = created._id
      changed.after = body
    } catch (error) {
      // A concurrent upsert inserted the same key: update that document, if it fits the filter.
      if (!(error instanceof CommandError) || error.code !== 11000 || context.transaction) throw error
      if ((await changeFound(context, wanted, write)) === 0) throw error
    }
  }
  return changed
}

type Wanted = Readonly<{ name: string; filter: Fields; sort: Sort; limit: number }>

/**
 * Changes the documents that fit, and returns their number. Documents may change while a write waits for a transaction, or
 * by other commands in between: one of several that no longer fits is skipped; in place of a single one, the next that fits
 * is searched.
 */
async function changeFound(context: Context, wanted: Wanted, write: (collection: Collection, current: Found) => void) {
  const { name, filter, sort, limit } = wanted
  const { changes } = context.database.storage
  const fits = compileTest(filter)
  for (;;) {
    const collection = context.find(name)
    let foundAt = changes()
    const found = await find(context.view, collection, { filter, fits, sort, skip: 0, limit })
    if (!collection || found.length === 0) return 0
    let changed = 0
    for (const one of found) {
      const isDone = await whenFree(() => {
        if (context.find(name) !== collection) return false
        const isAsFound = changes() === foundAt
        const current = isAsFound ? one : lookAgain(context.view, collection, one, fits)
        if (current) write(collection, current)
        // None of those that are left is changed by the write of this one.
        if (isAsFound) foundAt = changes()
        return current !== null
      })
      if (isDone) changed++
    }
    if (limit === 0 || changed > 0) return changed
  }
}
