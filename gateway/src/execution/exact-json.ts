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

/** Finds the numbers with a fraction, an exponent or 16 digits, and few other texts: most of JSON has none. */
const LONG_NUMBER = /(?:":|[[,])\s*(-?(?:\d+[.eE][\d.eE+-]+|\d{16,}))/g

/** Parses JSON. Numbers that JavaScript would change become exact ones. @throws SyntaxError */
export function parseExact(text: string): unknown {
  return losesDigits(text) ? JSON.parse(text, keepDigits) : JSON.parse(text)
}

/** A reviver takes many times as long as the parser alone, so it runs only for a text with such a number. */
function losesDigits(text: string): boolean {
  for (const [, digits] of text.matchAll(LONG_NUMBER)) if (isChanged(digits!)) return true
  return false
}

const isChanged = (digits: string) => String(Number(digits)) !== digits

function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string }): unknown {
  return typeof value === 'number' && isChanged(source) ? JSON.rawJSON(source) : value
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
