import {
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { quote, type Row } from './json.ts'
import { isValidLeaf } from './leaf.ts'
import type { SelectedField, Selection } from './selection.ts'

/** Writes a value as JSON. @throws IRREGULAR where the value is not what the schema promises. */
type Write = (value: unknown) => string

/** Found where an answer has to be completed with errors, which takes paths: `completeAnswer` does that. */
export const IRREGULAR = new Error('The answer is not regular.')

/**
 * Compiles what is selected into one function that picks, orders and serialises in a single pass. It knows no paths
 * and no errors; answers that need them are rare and take the slower way.
 */
export function compileWriter(selection: Selection, schema: GraphQLSchema): (root: Row) => string {
  return writeObject(selection, schema) as (root: Row) => string
}

function writeValue(type: GraphQLOutputType, below: Selection | null, schema: GraphQLSchema): Write {
  if (isNonNullType(type)) return compile(type.ofType, below, schema, refuseNull)
  return compile(type, below, schema, writeNull)
}

const refuseNull = (): string => {
  throw IRREGULAR
}
const writeNull = () => 'null'

function compile(type: GraphQLOutputType, below: Selection | null, schema: GraphQLSchema, onNull: () => string): Write {
  if (isListType(type)) return writeList(writeValue(type.ofType, below, schema), onNull)
  const write = below ? writeObject(below, schema) : writeLeaf(type as GraphQLLeafType)
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

function writeLeaf(type: GraphQLLeafType): Write {
  const isValid = isValidLeaf(type)
  return (value) => {
    if (!isValid(value)) throw IRREGULAR
    return typeof value === 'string' ? quote(value) : JSON.stringify(value)
  }
}

/** An object of a type that is not certain is written as the type that it says it has. */
function writeObject(selection: Selection, schema: GraphQLSchema): Write {
  const writers = new Map<unknown, Write>()
  const writerFor = (typeName: unknown): Write => {
    const known = writers.get(typeName)
    if (known) return known
    const type = typeName === undefined ? selection.type : schema.getType(String(typeName))
    if (!isObjectType(type) || !isPossible(type, selection.type, schema)) throw IRREGULAR
    const write = writeFields(type, selection, schema)
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

type FieldWriter = Readonly<{ head: string; read: (row: Row) => unknown; write: Write }>

function writeFields(type: GraphQLCompositeType, selection: Selection, schema: GraphQLSchema): Write {
  const fields = selection.fieldsOf(type).map((field) => toWriter(field, type, schema))
  return (value) => {
    let text = '{'
    for (let index = 0; index < fields.length; index++) {
      const { head, read, write } = fields[index]!
      text += index === 0 ? head : `,${head}`
      text += write(read(value as Row))
    }
    return `${text}}`
  }
}

function toWriter(field: SelectedField, type: GraphQLCompositeType, schema: GraphQLSchema): FieldWriter {
  const head = `${quote(field.key)}:`
  const { read } = field
  if (field.denied !== null) return { head, read, write: refuseNull }
  if (field.name === '__typename') return { head, read, write: () => quote(type.name) }
  if (field.name.startsWith('__')) return { head, read, write: JSON.stringify }
  return { head, read, write: writeValue(field.type, field.below, schema) }
}
