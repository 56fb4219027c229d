/** The key that is being encoded, of which the first `used` bytes are done. One buffer serves all keys. */
let key = Buffer.allocUnsafe(4096)
let used = 0

export function beginKey(): void {
  used = 0
}

export function copyKey(): Buffer {
  const copy = Buffer.allocUnsafe(used)
  key.copy(copy, 0, 0, used)
  return copy
}

/** The key as a text with one character a byte. */
export const keyText = (): string => key.toString('latin1', 0, used)

/** Compares the key that is being encoded with another. */
export const compareKey = (other: Buffer): number => key.compare(other, 0, other.length, 0, used)

/** The first byte: the rank of the type of the first value. */
export const keyPlace = (): number => key[0]!

export const keyLength = (): number => used

/** Inverts every bit of the key from a place on, as in a descending field. */
export function invertFrom(from: number): void {
  invertBytes(key, from, used)
}

export function invertBytes(bytes: Uint8Array, from: number, to: number): void {
  for (let index = from; index < to; index++) bytes[index] = 255 - bytes[index]!
}

function reserve(bytes: number): void {
  if (used + bytes <= key.length) return
  const larger = Buffer.allocUnsafe(2 * (used + bytes))
  key.copy(larger, 0, 0, used)
  key = larger
}

export function appendByte(byte: number): void {
  reserve(1)
  key[used++] = byte
}

export function appendBytes(bytes: Uint8Array, from = 0, to = bytes.length): void {
  reserve(to - from)
  for (let at = from; at < to; at++) key[used++] = bytes[at]!
}

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

/** Doubles sort as unsigned integers after flipping the sign bit, and in negative numbers all other bits too. */
export function appendDouble(place: number, number: number): void {
  reserve(9)
  key[used++] = place
  const from = used
  double[0] = number === 0 ? 0 : number
  for (let at = 7; at >= 0; at--) key[used++] = doubleBytes[at]!
  if (Number.isNaN(number))
    key.fill(0, from, used) // NaN comes before all numbers.
  else if (key[from]! & 0x80) invertBytes(key, from, used)
  else key[from]! |= 0x80
}

/** A signed integer of 64 bits, in little-endian order as BSON has it. */
export function appendInteger(place: number, bytes: Uint8Array, from: number): void {
  reserve(9)
  key[used++] = place
  key[used++] = bytes[from + 7]! ^ 0x80
  for (let at = 6; at >= 0; at--) key[used++] = bytes[from + at]!
}

export function appendBigInt(place: number, value: bigint): void {
  reserve(9)
  key[used++] = place
  used = key.writeBigUInt64BE(BigInt.asUintN(64, value) ^ (1n << 63n), used)
}

/** Ends with the only zero byte, so that no text is a prefix of another: a byte 0 is escaped as 1 1, and 1 as 1 2. */
export function appendText(place: number, text: string): void {
  reserve(text.length * 3 + 2) // The most that UTF-8 needs.
  key[used++] = place
  const from = used
  used += key.write(text, from)
  if (hasEscaped(from)) {
    const plain = Buffer.from(key.subarray(from, used))
    used = from
    appendEscaped(plain, 0, plain.length)
  }
  appendByte(0)
}

/** The same for a text in UTF-8. */
export function appendTextBytes(place: number, bytes: Uint8Array, from: number, to: number): void {
  appendByte(place)
  appendEscaped(bytes, from, to)
  appendByte(0)
}

function appendEscaped(bytes: Uint8Array, from: number, to: number): void {
  reserve(2 * (to - from) + 1)
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte <= 1) key[used++] = 1
    key[used++] = byte <= 1 ? byte + 1 : byte
  }
}

function hasEscaped(from: number): boolean {
  for (let index = from; index < used; index++) if (key[index]! <= 1) return true
  return false
}
