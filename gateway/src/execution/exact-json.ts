/** A number of a JSON text that JavaScript would round; `JSON.stringify` writes it with the digits of the text. */
export type ExactNumber = Readonly<{ rawJSON: string }>

declare global {
  // Not in the library of TypeScript yet.
  interface JSON {
    rawJSON(text: string): ExactNumber
    isRawJSON(value: unknown): value is ExactNumber
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  }
}

/** Finds a number with a fraction, an exponent or 16 digits, and few other texts: most of JSON has none. */
const MAY_LOSE_DIGITS = /(?:":|[[,])\s*-?(?:\d+[.eE]|\d{16})/

/** Parses JSON. Numbers that JavaScript would change become exact ones. @throws SyntaxError */
export function parseExact(text: string): unknown {
  return MAY_LOSE_DIGITS.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string }): unknown {
  return typeof value === 'number' && String(value) !== source ? JSON.rawJSON(source) : value
}

export function isExact(value: unknown): value is ExactNumber {
  return typeof value === 'object' && value !== null && JSON.isRawJSON(value)
}

/** The number that JavaScript has for an exact one; any other value as it is. */
export function toNumber(value: unknown): unknown {
  return isExact(value) ? Number(value.rawJSON) : value
}

/** A number as GraphQL or JSON text has it, so that it is written with the same digits. */
export function toExact(digits: string): number | ExactNumber {
  const number = Number(digits)
  return String(number) === digits ? number : JSON.rawJSON(digits)
}
