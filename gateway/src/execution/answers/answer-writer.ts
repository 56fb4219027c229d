import {
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql'
import { quote, type Row } from '../json.ts'
import { compileFieldWriter, type WrittenField } from './field-code.ts'
import { readerOfLeaf } from './leaf.ts'
import type { SelectedField, Selection } from './selection.ts'

/** Writes a value as JSON. @throws IRREGULAR if the value does not fit the schema. */
type Write = (value: unknown) => string

/** Thrown if an answer needs errors with paths, which `completeAnswer` produces. */
export const IRREGULAR = new Error('The answer is not regular.')

/**
 * Compiles a selection to one function that picks, orders and serialises its fields in a single pass. It tracks no paths
 * and reports no errors; answers that need them are rare and take the slower way.
 */
export function compileWriters(selection: Selection, schema: GraphQLSchema) {
  const compileFor = (isPlain: boolean, quoteText: QuoteText) =>
    writeObject(selection, { schema, quoteText, isPlain }) as (root: Row) => string
  return { plain: compileFor(true, (text) => `"${text}"`), any: compileFor(false, quote) }
}

type QuoteText = (text: string) => string
type Writing = Readonly<{ schema: GraphQLSchema; quoteText: QuoteText; isPlain: boolean }>

function writeValue(type: GraphQLOutputType, below: Selection | null, writing: Writing): Write {
  if (isNonNullType(type)) return compile(type.ofType, below, writing, refuseNull)
  return compile(type, below, writing, writeNull)
}

const refuseNull = (): string => {
  throw IRREGULAR
}
const writeNull = () => 'null'

function compile(type: GraphQLOutputType, below: Selection | null, writing: Writing, onNull: () => string): Write {
  if (isListType(type)) return writeList(writeValue(type.ofType, below, writing), onNull)
  const write = below ? writeObject(below, writing) : writeLeaf(type as GraphQLLeafType, writing)
  return (value) => (value === null || value === undefined ? onNull() : write(value))
}

function writeList(write: Write, onNull: () => string): Write {
  return (value) => {
    if (value === null || value === undefined) return onNull()
    if (!Array.isArray(value)) throw IRREGULAR
    let text = '['
    for (let index = 0; index < value.length; index++) text += index === 0 ? write(value[0]) : `,${write(value[index])}`
    return `${text}]`
  }
}

function writeLeaf(type: GraphQLLeafType, { quoteText }: Writing): Write {
  const read = readerOfLeaf(type)
  return (given) => {
    const value = read(given)
    if (value === undefined) throw IRREGULAR
    return typeof value === 'string' ? quoteText(value) : JSON.stringify(value)
  }
}

/** An object of an abstract type is written as the type that its `__typename` names. */
function writeObject(selection: Selection, writing: Writing): Write {
  const writers = new Map<unknown, Write>()
  const writerFor = (typeName: unknown): Write => {
    const known = writers.get(typeName)
    if (known) return known
    const type = typeName === undefined ? selection.type : writing.schema.getType(String(typeName))
    if (!isObjectType(type) || !isPossible(type, selection.type, writing.schema)) throw IRREGULAR
    const write = writeFields(type, selection, writing)
    writers.set(typeName, write)
    return write
  }
  return (value) => {
    if (typeof value !== 'object' || Array.isArray(value)) throw IRREGULAR
    return writerFor((value as Row).__typename)(value)
  }
}

function isPossible(type: GraphQLCompositeType, declared: GraphQLCompositeType, schema: GraphQLSchema): boolean {
  return type === declared || (!isObjectType(declared) && schema.isSubType(declared, type as never))
}

function writeFields(type: GraphQLCompositeType, selection: Selection, writing: Writing): Write {
  const fields = selection.fieldsOf(type).map((field) => toWritten(field, type, writing))
  return compileFieldWriter(fields, writing.quoteText, writing.isPlain) as Write
}

function toWritten(field: SelectedField, type: GraphQLCompositeType, writing: Writing): WrittenField {
  const head = `${quote(field.key)}:`
  const { source } = field
  if (field.refusal !== null) return { head, source, usual: 'other', write: refuseNull }
  if (field.name === '__typename') return { head, source, usual: { json: quote(type.name) }, write: refuseNull }
  if (field.name.startsWith('__')) return { head, source, usual: 'other', write: JSON.stringify }
  return { head, source, usual: usualOf(field), write: writeValue(field.type, field.below, writing) }
}

/** The kind of value for which the fast path is compiled; any other value is checked in full. */
function usualOf({ type, below }: SelectedField): WrittenField['usual'] {
  const leaf = getNullableType(type)
  if (below !== null || isListType(leaf)) return 'other'
  if (isEnumType(leaf)) return { names: new Set(leaf.getValues().map(({ name }) => name)) }
  if (!isScalarType(leaf) || leaf.name === 'Float') return 'other'
  if (leaf.name === 'Boolean') return 'boolean'
  return leaf.name === 'Int' ? 'integer' : 'text'
}
