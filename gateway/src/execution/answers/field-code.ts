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
 * names, which takes five times as long.
 */
export function compileFieldWriter(
  fields: readonly WrittenField[],
  quoteText: (text: string) => string,
  isPlain: boolean,
): (row: Row) => string {
  const quoted = isPlain ? `'"'+v+'"'` : 'quoteText(v)'
  const lines = fields.map(({ head, source, usual }, index) => {
    const lead = JSON.stringify(`${index === 0 ? '{' : ','}${head}`)
    if (typeof usual === 'object' && 'json' in usual) return `t+=${JSON.stringify(JSON.parse(lead) + usual.json)};`
    const read = `v=${readerCode(source)};`
    return `${read}t+=${lead}+(${valueCode(usual, index, quoted)});`
  })
  const named = fields.flatMap((_, index) => [`w${index}=writers[${index}]`, `n${index}=names[${index}]`])
  const body = `const ${['none=0', ...named].join(',')};return (row)=>{let v,t='';${lines.join('')}return ${fields.length === 0 ? "'{}'" : "t+'}'"}}`
  const create = new Function('writers', 'names', 'quoteText', 'own', body)
  const names = fields.map(({ usual }) => (typeof usual === 'object' && 'names' in usual ? usual.names : null))
  const writers = fields.map(({ write }) => write)
  return create(writers, names, quoteText, readOwn) as (row: Row) => string
}

function valueCode(usual: Exclude<WrittenField['usual'], Constant>, index: number, quoted: string): string {
  const otherwise = `w${index}(v)`
  if (typeof usual === 'object') return `n${index}.has(v)?'"'+v+'"':${otherwise}`
  if (usual === 'text') return `typeof v==='string'?${quoted}:${otherwise}`
  if (usual === 'boolean') return `v===true?'true':v===false?'false':${otherwise}`
  if (usual === 'integer') return `typeof v==='number'&&(v|0)===v?v:${otherwise}`
  return otherwise
}

/** Names that are properties of every JavaScript object are read as own properties only. */
function readerCode(source: string): string {
  const key = JSON.stringify(source)
  return source in Object.prototype ? `own(row,${key})` : `row[${key}]`
}

const readOwn = (row: Row, key: string) => (Object.hasOwn(row, key) ? row[key] : undefined)
