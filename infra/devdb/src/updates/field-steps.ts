import { encode } from '../values/bson.ts'
import {
  decodeElements,
  type Element,
  elementsOf,
  listElements,
  nameOf,
  readInt32,
  TYPE,
  toNames,
} from '../values/raw.ts'
import { compileUpdate, type Update } from './updater.ts'

/** The next state of one top-level field; null where the document has none before or after. */
export type FieldStep = Readonly<{ name: string; next: (before: Element | null) => Element | null }>

/** A step of an operator, from its operand, which is the element of the field in the update. */
type ToStep = (operand: Element, name: string) => FieldStep['next']

const STEPS: Readonly<Record<string, ToStep>> = {
  $set: (operand) => () => operand,
  $unset: () => () => null,
  $min: (operand, name) => computeUnlessMissing('$min', operand, name),
  $max: (operand, name) => computeUnlessMissing('$max', operand, name),
  $inc(operand, name) {
    const compute = createCompute('$inc', operand, name)
    return (before) => (before && addInt32(before, operand)) ?? compute(before)
  },
}

const UNDEFINED = 6

/**
 * The steps of an update that changes whole fields other than the id, each by one operator, in the order of their names;
 * null for another update. Steps decode nothing where the bytes of the field and of the update suffice.
 */
export function readFieldSteps(update: Uint8Array): readonly FieldStep[] | null {
  const steps: FieldStep[] = []
  for (const operator of listElements(update)) {
    const operatorName = nameOf(operator)
    if (!Object.hasOwn(STEPS, operatorName) || update[operator.type] !== TYPE.object) return null
    for (const operand of listElements(update, operator.value)) {
      const name = nameOf(operand)
      if (name === '' || name === '_id' || /[.$]/.test(name) || update[operand.type] === UNDEFINED) return null
      steps.push({ name, next: STEPS[operatorName]!(operand, name) })
    }
  }
  const sorted = steps.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const isTwice = sorted.some(({ name }, at) => name === sorted[at + 1]?.name)
  return sorted.length === 0 || isTwice ? null : sorted
}

/** A missing field is set to the operand. */
function computeUnlessMissing(operator: string, operand: Element, name: string): FieldStep['next'] {
  const compute = createCompute(operator, operand, name)
  return (before) => (before === null ? operand : compute(before))
}

/** Applies an operator to the decoded field. It is compiled when it is needed first. */
function createCompute(operator: string, operand: Element, name: string): FieldStep['next'] {
  const names = toNames([name])
  let update: Update | undefined
  return (before) => {
    update ??= compileUpdate({ [operator]: decodeElements([operand]) })
    return elementsOf(encode(update.apply(decodeElements([before]), false)), names)[0]!
  }
}

/** The sum of two int32 as the same field; null where one is another number, or the sum is none. */
function addInt32({ body, type, value, end }: Element, by: Element): Element | null {
  if (body[type] !== TYPE.int || by.body[by.type] !== TYPE.int) return null
  const sum = readInt32(body, value) + readInt32(by.body, by.value)
  if (sum !== (sum | 0)) return null
  const added = Buffer.from(body.subarray(type, end))
  added.writeInt32LE(sum, value - type)
  return { body: added, type: 0, value: value - type, end: end - type }
}
