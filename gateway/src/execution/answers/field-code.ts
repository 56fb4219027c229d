import type { Row } from '../json.ts'

/** How one field of an object is written. */
export type WrittenField = Readonly<{
  /** `"key":` */
  head: string
  /** The key it is read from. */
  source: string
  /** The usual kind of its values; any other value goes to `write`. */
  usual: 'text' | 'boolean' | 'integer' | 'other' | Constant | OneOf
  /** The value as JSON; throws if it is not valid. */
  write: (value: unknown) => string
}>

type Constant = Readonly<{ json: string }>
/** Texts without characters to escape. */
type OneOf = Readonly<{ names: ReadonlySet<string> }>

/**
 * Compiles one function that writes all fields of an object. A loop over the fields would read properties by changing
 * names, which takes five times as long. If all values are usual, the texts between them are joined beforehand, which
 * halves the concatenations.
 */
export function compileFieldWriter(
  fields: readonly WrittenField[],
  quoteText: (text: string) => string,
  isPlain: boolean,
): (row: Row) => string {
  const codes = fields.map((field, index) => toCode(field, `${index}`, isPlain))
  const named = fields.flatMap((_, index) => [`w${index}=writers[${index}]`, `n${index}=names[${index}]`])
  const values = codes.flatMap(({ read }) => read ?? [])
  const isUsual = codes.flatMap(({ test }) => test ?? []).join('&&') || 'true'
  const usual = toObjectCode(fields, (index) => codes[index]!.usual)
  const any = toObjectCode(fields, (index) => codes[index]!.any)
  const body = `const ${['none=0', ...named].join(',')};return (row)=>{const ${['none=0', ...values].join(',')};return ${isUsual}?${usual}:${any}}`
  const create = new Function('writers', 'names', 'quoteText', 'own', body)
  const names = fields.map(({ usual }) => (typeof usual === 'object' && 'names' in usual ? usual.names : null))
  const writers = fields.map(({ write }) => write)
  return create(writers, names, quoteText, readOwn) as (row: Row) => string
}

/** A text that is the same for all objects, or an expression. */
type Part = Readonly<{ text: string } | { code: string }>

type FieldCode = Readonly<{
  /** Reads the value into a variable; null for a constant. */
  read: string | null
  /** Whether the value is of the usual kind; null if it need not be. */
  test: string | null
  /** The value as JSON if it is of the usual kind. */
  usual: readonly Part[]
  /** Any value as JSON. */
  any: readonly Part[]
}>

function toCode({ source, usual }: WrittenField, index: string, isPlain: boolean): FieldCode {
  if (typeof usual === 'object' && 'json' in usual) {
    const constant = [{ text: usual.json }]
    return { read: null, test: null, usual: constant, any: constant }
  }
  const v = `v${index}`
  const read = `${v}=${readerCode(source)}`
  const otherwise = `w${index}(${v})`
  if (usual === 'other') return { read, test: null, usual: [{ code: otherwise }], any: [{ code: otherwise }] }

  const test = typeof usual === 'object' ? `n${index}.has(${v})` : TESTS[usual](v)
  const isQuoted = typeof usual === 'object' || (usual === 'text' && isPlain)
  const value = { code: usual === 'text' && !isPlain ? `quoteText(${v})` : v }
  const parts = isQuoted ? [{ text: '"' }, value, { text: '"' }] : [value]
  return { read, test, usual: parts, any: [{ code: `(${test}?${concatenate(parts)}:${otherwise})` }] }
}

const TESTS = {
  text: (v: string) => `typeof ${v}==='string'`,
  boolean: (v: string) => `typeof ${v}==='boolean'`,
  integer: (v: string) => `(typeof ${v}==='number'&&(${v}|0)===${v})`,
} as const

function toObjectCode(fields: readonly WrittenField[], partsOf: (index: number) => readonly Part[]): string {
  const parts = fields.flatMap(({ head }, index) => [{ text: `${index === 0 ? '' : ','}${head}` }, ...partsOf(index)])
  return concatenate([{ text: '{' }, ...parts, { text: '}' }])
}

/** The code of a text, in which the constant parts beside each other are joined. */
function concatenate(parts: readonly Part[]): string {
  const operands: string[] = []
  let constant = ''
  for (const part of parts) {
    if ('text' in part) constant += part.text
    else {
      operands.push(JSON.stringify(constant), part.code)
      constant = ''
    }
  }
  return [...operands, JSON.stringify(constant)].join('+')
}

/** Names that are properties of every JavaScript object are read as own properties only. */
function readerCode(source: string): string {
  const key = JSON.stringify(source)
  return source in Object.prototype ? `own(row,${key})` : `row[${key}]`
}

const readOwn = (row: Row, key: string) => (Object.hasOwn(row, key) ? row[key] : undefined)
