import { AppError, type ErrorKind } from '@redress/shared/errors.ts'
import { LIMITS, type Limit } from './limits.ts'

/** The cost that one field adds to an operation, without the fields below it. */
export type FieldCost = Readonly<{ path: string; cost: number }>

const figure = (value: number) => value.toLocaleString('en')

export class QueryTooCostlyError extends AppError {
  override readonly name = 'QueryTooCostlyError'
  readonly code = 'QUERY_TOO_COSTLY'
  readonly kind: ErrorKind = 'invalid'
  override readonly facts: Readonly<{ cost: number; limit: number; fields: readonly FieldCost[] }>

  /** @param fields the most expensive ones, in descending order. */
  constructor(facts: QueryTooCostlyError['facts']) {
    const mostExpensive = facts.fields[0]
    const advice = mostExpensive ? ` Most of it is ${mostExpensive.path}: ${figure(mostExpensive.cost)}.` : ''
    super(`The operation costs ${figure(facts.cost)}; you may spend ${figure(facts.limit)} on one.${advice}`)
    this.facts = facts
  }
}

export class QueryTooDeepError extends AppError {
  override readonly name = 'QueryTooDeepError'
  readonly code = 'QUERY_TOO_DEEP'
  readonly kind: ErrorKind = 'invalid'
  override readonly facts: Readonly<{ depth: number; limit: number }>

  constructor(facts: QueryTooDeepError['facts']) {
    super(`The operation is ${figure(facts.depth)} fields deep; ${figure(facts.limit)} are allowed.`)
    this.facts = facts
  }
}

export class QueryTooLargeError extends AppError {
  override readonly name = 'QueryTooLargeError'
  readonly code = 'QUERY_TOO_LARGE'
  readonly kind: ErrorKind = 'invalid'
  override readonly facts: Readonly<{ what: Limit; size: number; limit: number }>

  /** @param size the size when counting stopped. */
  constructor(what: Limit, size: number) {
    super(`${SENTENCES[what]}: ${figure(size)}; ${figure(LIMITS[what])} are allowed.`)
    this.facts = { what, size, limit: LIMITS[what] }
  }
}

const SENTENCES: Readonly<Record<Limit, string>> = {
  bytes: 'The document has too many bytes',
  tokens: 'The document has too many tokens',
  wordLength: 'A name or number of the document has too many characters',
  nesting: 'The document has too many levels inside one another',
  operations: 'The document has too many operations',
  fragments: 'The document has too many fragments',
  directives: 'The document has too many directives',
  aliases: 'The document has too many keys for one field',
  rootFields: 'The operation has too many root fields',
  fields: 'The operation has too many fields',
  selections: 'The operation has too many selections',
  introspectionDepth: 'The operation asks too deeply about the schema',
  variableDepth: 'A variable has too many levels inside one another',
  variableNodes: 'The variables have too many values',
}

/** Variables that do not fit their definitions, so that the cost cannot be computed. */
export class UnusableVariablesError extends AppError {
  override readonly name = 'UnusableVariablesError'
  readonly code = 'BAD_USER_INPUT'
  readonly kind: ErrorKind = 'invalid'
}
