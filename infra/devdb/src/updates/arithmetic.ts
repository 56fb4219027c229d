import { BSON } from 'mongodb'
import { CommandError, unsupported } from '../errors.ts'
import { numericType, toNumber, type Value } from '../values/bson.ts'

const { Decimal128, Double, Int32, Long } = BSON

export const add = (a: Value, b: Value) =>
  calculate(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  )
export const multiply = (a: Value, b: Value) =>
  calculate(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  )

/** An int result that overflows becomes a long; if either operand is a double, the result is one. */
function calculate(
  a: Value,
  b: Value,
  real: (x: number, y: number) => number,
  whole: (x: bigint, y: bigint) => bigint,
): Value {
  if (a instanceof Decimal128 || b instanceof Decimal128) throw unsupported('Arithmetic with Decimal128')
  const types = [numericType(a), numericType(b)]
  if (types.includes('double')) return new Double(real(toNumber(a), toNumber(b)))
  const result = whole(toBigInt(a), toBigInt(b))
  const fitsInt = BigInt.asIntN(32, result) === result
  if (fitsInt && !types.includes('long')) return new Int32(Number(result))
  if (BigInt.asIntN(64, result) !== result) throw new CommandError(2, 'The result does not fit into a long')
  return Long.fromBigInt(result)
}

function toBigInt(value: Value): bigint {
  return value instanceof Long ? value.toBigInt() : BigInt(toNumber(value))
}
