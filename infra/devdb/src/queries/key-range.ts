import type { IndexField } from '../storage/indexes.ts'
import type { KeyRange } from '../storage/reader.ts'
import { TYPE_ORDER, typeOf, type Value } from '../values/bson.ts'
import { afterPrefix, encodeKey, invert } from '../values/keys.ts'

/** A condition on the order of a value. */
export type Bound = Readonly<{ operator: '$gt' | '$gte' | '$lt' | '$lte'; value: Value }>

/** The keys that begin with `prefix` and continue with values of `field` within `bounds`, all of the first one's type. */
export function toRange(
  prefix: Buffer,
  field: Pick<IndexField, 'direction'> | undefined,
  bounds: readonly Bound[],
): KeyRange {
  const first = bounds[0]
  if (!field || !first) return { from: prefix, before: afterPrefix(prefix) }
  const place = TYPE_ORDER[typeOf(first.value)]
  let low: Buffer = Buffer.from([place])
  let high: Buffer = Buffer.from([place + 1])
  for (const { operator, value } of bounds) {
    const key = encodeKey(value)
    if (operator === '$gte') low = greater(low, key)
    if (operator === '$gt') low = greater(low, afterPrefix(key)!)
    if (operator === '$lt') high = lesser(high, key)
    if (operator === '$lte') high = lesser(high, afterPrefix(key)!)
  }
  const [from, before] = field.direction === 1 ? [low, high] : [afterPrefix(invert(high))!, afterPrefix(invert(low))!]
  return { from: Buffer.concat([prefix, from]), before: Buffer.concat([prefix, before]) }
}

const greater = (a: Buffer, b: Buffer) => (Buffer.compare(a, b) >= 0 ? a : b)
const lesser = (a: Buffer, b: Buffer) => (Buffer.compare(a, b) <= 0 ? a : b)
