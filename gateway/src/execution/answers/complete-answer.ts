import {
  type GraphQLCompositeType,
  type GraphQLFormattedError,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import { codedError } from '../coded-error.ts'
import { isRow, type Row, setOwn } from '../json.ts'
import type { Absences } from '../steps/plan-run.ts'
import type { TypeTable } from '../type-table.ts'
import { readerOfLeaf } from './leaf.ts'
import type { SelectedField, Selection } from './selection.ts'

export type CompletedAnswer = Readonly<{
  data: Row | null
  /** Values that the schema forbids; often the consequence of an error that a subgraph reported. */
  violations: readonly GraphQLFormattedError[]
  /** Fields that the caller may not read. */
  refusals: readonly GraphQLFormattedError[]
}>

type Facts = Readonly<{ schema: GraphQLSchema; types: TypeTable; absences: Absences | null }>

/** Nulls the nearest nullable object above. */
const INVALID = Symbol('invalid')
type Completed = unknown | typeof INVALID

/**
 * Picks and orders the selected fields, as the compiled writer does, and replaces invalid values by null at the nearest
 * place that allows it, with an error that names the place.
 */
export function completeAnswer(selection: Selection, root: Row, facts: Facts): CompletedAnswer {
  const completion = new Completion(facts)
  const data = completion.object(selection, root, selection.type)
  return {
    data: data === INVALID ? null : (data as Row),
    violations: completion.violations,
    refusals: completion.refusals,
  }
}

class Completion {
  readonly violations: GraphQLFormattedError[] = []
  readonly refusals: GraphQLFormattedError[] = []
  readonly #path: (string | number)[] = []
  readonly #schema: GraphQLSchema
  readonly #types: TypeTable
  readonly #absences: Absences | null

  constructor({ schema, types, absences }: Facts) {
    this.#schema = schema
    this.#types = types
    this.#absences = absences
  }

  object(selection: Selection, row: Row, type: GraphQLCompositeType): Completed {
    const answer: Row = {}
    for (const field of selection.fieldsOf(type)) {
      this.#path.push(field.key)
      const value = this.#field(field, row, type)
      this.#path.pop()
      if (value === INVALID) return INVALID
      setOwn(answer, field.key, value)
    }
    return answer
  }

  #field(field: SelectedField, row: Row, parent: GraphQLCompositeType): Completed {
    if (field.refusal !== null) return this.#refuse(field, field.refusal)
    if (field.name === '__typename') return isObjectType(parent) ? parent.name : INVALID
    if (field.name.startsWith('__')) return field.read(row)
    const value = field.read(row) ?? null
    // A field that one fetch could not ask for, another one may have asked for: its null is an answer.
    const isAbsent = value === null && !Object.hasOwn(row, field.source)
    const absence = isAbsent ? this.#absences?.get(row)?.get(field.source) : undefined
    if (absence === undefined) return this.#value(value, field.type, field, field.type)
    if (absence !== null) this.violations.push({ ...absence, path: [...this.#path] })
    return isNonNullType(field.type) ? INVALID : null
  }

  #refuse({ type }: SelectedField, refusal: GraphQLFormattedError): Completed {
    this.refusals.push({ ...refusal, path: [...this.#path] })
    return isNonNullType(type) ? INVALID : null
  }

  /** @param whole the type of the field; within a list, `type` is that of the element. */
  #value(value: unknown, type: GraphQLOutputType, field: SelectedField, whole: GraphQLOutputType): Completed {
    if (isNonNullType(type)) {
      const before = this.violations.length + this.refusals.length
      const inner = this.#value(value, type.ofType, field, whole)
      if (inner !== null) return inner
      if (this.violations.length + this.refusals.length === before) this.#missing(type.ofType, field)
      return INVALID
    }
    if (value === null || value === undefined) return null
    if (isListType(type)) return this.#list(value, type.ofType, field, whole)
    const completed = field.below
      ? this.#composite(value, field.below, field)
      : this.#leaf(value, type as GraphQLLeafType, field)
    return completed === INVALID ? null : completed
  }

  #list(value: unknown, type: GraphQLOutputType, field: SelectedField, whole: GraphQLOutputType): Completed {
    if (!Array.isArray(value)) return this.#violate(`Invalid value found for field ${field.coordinate}.`)
    let isInvalid = false
    const elements = value.map((element, index) => {
      this.#path.push(index)
      const completed = this.#value(element, type, field, whole)
      this.#path.pop()
      isInvalid ||= completed === INVALID
      return completed
    })
    return isInvalid ? null : elements
  }

  #composite(value: unknown, below: Selection, field: SelectedField): Completed {
    if (!isRow(value)) return this.#violate(`Invalid value found for field ${field.coordinate}.`)
    const { __typename: typeName } = value
    const type = typeName ? this.#schema.getType(String(typeName)) : below.type
    if (!isCompositeType(type)) {
      // An error would reveal a type that clients do not see.
      if (this.#types.isHiddenType(String(typeName))) return null
      return this.#violate(`Invalid __typename found for object at ${this.#place(below.type, field)}.`)
    }
    return this.object(below, value, type)
  }

  #leaf(value: unknown, type: GraphQLLeafType, field: SelectedField): Completed {
    const read = readerOfLeaf(type)(value)
    if (read !== undefined) return read
    if (this.#types.isHiddenValue(type.name, value)) return null
    return this.#violate(`Invalid value found for ${this.#place(type, field)}.`)
  }

  #missing(type: GraphQLOutputType, field: SelectedField): void {
    this.#violate(`Cannot return null for non-nullable ${this.#place(type, field)}.`)
  }

  #place(type: GraphQLOutputType, { coordinate }: SelectedField): string {
    const last = this.#path.at(-1)
    return typeof last === 'number' ? `array element of type ${type} at index ${last}` : `field ${coordinate}`
  }

  #violate(message: string): null {
    this.violations.push({ ...codedError('SUBGRAPH_INVALID_ANSWER', message), path: [...this.#path] })
    return null
  }
}
