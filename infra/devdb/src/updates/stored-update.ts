import { decode, encode, type Fields, type Value } from '../values/bson.ts'
import { decodeElements, type Element, elementsOf, listElements, type Names, toNames } from '../values/raw.ts'
import { type FieldStep, readFieldSteps } from './field-steps.ts'
import { compileUpdate, type Update } from './updater.ts'

/** An update of documents in the form in which they are stored. */
export type StoredUpdate = Readonly<{
  /** The next state of a document. */
  change(body: Uint8Array): Uint8Array
  /** The document that an upsert creates from the fields of its filter. */
  create(fields: Fields): Fields
  isReplacement: boolean
}>

/**
 * Compiles an update, in the form of BSON or decoded. Only the fields that it touches are decoded and encoded again, and
 * most of those not either when it changes whole fields.
 */
export function compileStoredUpdate(update: Value): StoredUpdate {
  const steps = update instanceof Uint8Array ? readFieldSteps(update) : null
  if (steps)
    return {
      change: createStepper(steps),
      create: (fields) => compile(update).apply(fields, true),
      isReplacement: false,
    }
  const compiled = compile(update)
  return {
    change: compiled.isReplacement ? createReplacer(compiled) : createChanger(compiled),
    create: (fields) => compiled.apply(fields, true),
    isReplacement: compiled.isReplacement,
  }
}

const compile = (update: Value) => compileUpdate(update instanceof Uint8Array ? decode(update) : update)

function createStepper(steps: readonly FieldStep[]): StoredUpdate['change'] {
  const names = toNames(steps.map(({ name }) => name))
  return (body) => {
    const before = elementsOf(body, names)
    return splice(
      body,
      before,
      before.map((element, at) => steps[at]!.next(element)),
    )
  }
}

function createReplacer({ apply }: Update): StoredUpdate['change'] {
  const id = toNames(['_id'])
  return (body) => encode(apply(decodeElements(elementsOf(body, id)), false))
}

function createChanger({ apply, fields }: Update): StoredUpdate['change'] {
  const names: Names = toNames(fields)
  return (body) => {
    const before = elementsOf(body, names)
    const changed = encode(apply(decodeElements(before), false))
    const after = elementsOf(changed, names)
    const order = listElements(changed).map(({ type }) => after.findIndex((element) => element?.type === type))
    const gone = after.flatMap((element, at) => (element === null ? [at] : []))
    const inOrder = [...order, ...gone]
    return splice(
      body,
      inOrder.map((at) => before[at]!),
      inOrder.map((at) => after[at]!),
    )
  }
}

/**
 * The document with each field of `before` in place of that of `after` with the same index. Fields that were missing are
 * added at the end; null in `after` removes the field.
 */
function splice(body: Uint8Array, before: readonly (Element | null)[], after: readonly (Element | null)[]): Uint8Array {
  let length = body.length
  for (let at = 0; at < before.length; at++) length += sizeOf(after[at]!) - sizeOf(before[at]!)
  const spliced = Buffer.allocUnsafe(length)
  let used = 0
  const copy = (bytes: Uint8Array, from: number, to: number) => {
    spliced.set(bytes.subarray(from, to), used)
    used += to - from
  }
  let done = 0
  for (let at = nextOf(before, done); at >= 0; at = nextOf(before, done)) {
    const old = before[at]!
    const fresh = after[at]!
    copy(body, done, old.type)
    if (fresh) copy(fresh.body, fresh.type, fresh.end)
    done = old.end
  }
  copy(body, done, body.length - 1)
  for (let at = 0; at < after.length; at++) {
    const fresh = after[at]!
    if (fresh && !before[at]) copy(fresh.body, fresh.type, fresh.end)
  }
  spliced[used] = 0
  spliced.writeInt32LE(length, 0)
  return spliced
}

/** The index of the first field that begins at `from` or later; -1 when there is none. */
function nextOf(elements: readonly (Element | null)[], from: number): number {
  let first = -1
  for (let at = 0; at < elements.length; at++) {
    const type = elements[at]?.type ?? -1
    if (type >= from && (first < 0 || type < elements[first]!.type)) first = at
  }
  return first
}

const sizeOf = (element: Element | null) => (element ? element.end - element.type : 0)
