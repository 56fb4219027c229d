import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { GraphQLFormattedError } from 'graphql'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'
import { failureOf, type SubgraphFailure } from '../subgraphs/subgraph-failure.ts'
import type { Path } from './places.ts'

/** The code of an error that a subgraph sent without one. */
const WITHOUT_CODE = 'DOWNSTREAM_SERVICE_ERROR' satisfies ErrorCode

/** Objects of the answer that a step fills in, and their path, in which `@` stands for all elements of a list. */
export type Spot = Readonly<{ rows: readonly Row[]; path: readonly string[] }>

/** Why fields of an object, by the keys under which they are fetched, have no value. */
export type Absences = Map<Row, Map<string, GraphQLFormattedError | null>>

/** One step of a compiled plan. Never rejects: failures are reported to the run. */
export type Step = (run: PlanRun, spot: Spot) => Promise<void> | void

/** A plan while it runs: data and errors received so far. */
export class PlanRun {
  readonly root: Row = {}
  /** Their paths have the keys under which fields are fetched. */
  readonly errors: GraphQLFormattedError[] = []
  /** Fields that were left out or taken away; null without any, as usual. */
  absences: Absences | null = null
  /** Whether the answer needs an error for an absence. */
  isIncomplete = false
  /** Whether no string received so far needs escapes in JSON. */
  isPlain = true
  /** As the client sent them; the subgraphs apply the defaults. */
  readonly variables: Row
  /** The variables of `@skip` and `@include`, with defaults. */
  readonly conditions: Readonly<Record<string, unknown>>
  readonly context: OperationContext

  constructor({ variables, conditions, context }: Pick<PlanRun, 'variables' | 'conditions' | 'context'>) {
    this.variables = variables
    this.conditions = conditions
    this.context = context
  }

  /** Adds an error that a subgraph reported. */
  report({ message, extensions }: GraphQLFormattedError, service: string, path: Path | undefined): void {
    this.errors.push({
      message: message || `Error while fetching subquery from service "${service}"`,
      ...(path && { path }),
      extensions: { code: WITHOUT_CODE, ...extensions, serviceName: service },
    })
  }

  /** Notes why fields of an object have no value; `error` is null if a reported error explains it. */
  noteAbsence(row: Row, keys: readonly string[], error: GraphQLFormattedError | null): void {
    this.isIncomplete ||= error !== null
    this.absences ??= new Map()
    const known = this.absences.get(row) ?? new Map<string, GraphQLFormattedError | null>()
    for (const key of keys) if (!known.get(key)) known.set(key, error)
    this.absences.set(row, known)
  }

  /** Adds an error for each place of a fetch that gave no usable answer. */
  fail(code: SubgraphFailure, service: string, places: readonly Path[]): void {
    const failure = failureOf(code, service)
    if (places.length === 0) this.errors.push(failure)
    for (const path of places) this.errors.push({ ...failure, path })
  }
}
