import { BSON } from 'mongodb'
import type { Context } from '../database.ts'
import { CommandError, unsupported } from '../errors.ts'
import { checkSize, encodeDocument } from '../storage/change.ts'
import { decode, type Fields } from '../values/bson.ts'
import { decodeElements, elementsOf, isStorable, listElements, TYPE, toNames } from '../values/raw.ts'

const { Int32, ObjectId } = BSON

/** Writes one row. Waits only when it returns a promise. */
type EachRow<Row> = (row: Row, index: number) => unknown

/**
 * Runs the rows one after the other. An ordered write, and any in a transaction, stops at the first error. Errors are
 * reported for each row, and the other rows remain.
 */
export async function eachRow<Row>(context: Context, rows: readonly Row[], command: Fields, write: EachRow<Row>) {
  const { transaction, tally } = context
  const isOrdered = command.ordered !== false || transaction !== null
  if (isOrdered && tally.writeErrors.length > 0) return
  for (const [index, row] of rows.entries()) {
    if (index < tally.done) continue
    try {
      const writing = write(row, index)
      if (writing instanceof Promise) await writing
    } catch (error) {
      if (!(error instanceof CommandError) || error.labels.length > 0) throw error
      const { code, message, facts } = error
      tally.writeErrors.push({ index: new Int32(index), code: new Int32(code), errmsg: message, ...facts })
      if (isOrdered) return
    } finally {
      tally.done++
    }
  }
}

/** The form in which a document is stored: that in which it came, when it has its id already. */
export function toBody(document: Fields | Uint8Array): Uint8Array {
  if (!(document instanceof Uint8Array)) return encodeDocument(withIdFirst(document))
  return isStorable(document) ? checkSize(document) : encodeDocument(withIdFirst(decode(document)))
}

/** The document with its id as the first field, and a new id when it has none. @throws CommandError */
export function withIdFirst(document: Fields): Fields {
  const { _id = new ObjectId(), ...rest } = document
  if (Array.isArray(_id)) throw new CommandError(2, "The '_id' value cannot be of type array")
  const dollar = Object.keys(rest).find((name) => name.startsWith('$'))
  if (dollar !== undefined) throw unsupported(`The field name ${dollar}`)
  return { _id, ...rest }
}

/** @throws CommandError for an option that would be ignored. */
export function refuseOptions(row: Fields, known: readonly string[]): void {
  const given = Object.keys(row).find((name) => !known.includes(name))
  if (given !== undefined) throw unsupported(`The option ${given} of a write`)
}

const UPDATE = toNames(['u'])

/** An update with `u` in the form in which it came. */
export function readUpdate(row: Uint8Array): Fields {
  const [update] = elementsOf(row, UPDATE)
  if (!update || row[update.type] !== TYPE.object) return decode(row)
  const others = listElements(row).filter(({ type }) => type !== update.type)
  return { ...decodeElements(others), u: row.subarray(update.value, update.end) }
}
