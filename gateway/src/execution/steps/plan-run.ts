import type { GraphQLFormattedError } from 'graphql'
import type { Row } from '../json.ts'
import type { OperationContext } from '../operation-context.ts'
import { toClientPath } from '../planning/planned-keys.ts'
import { failureOf, type SubgraphFailure } from '../subgraphs/subgraph-failure.ts'
import type { Path } from './places.ts'

/** Objects of the answer that are being filled in, and where they are; `@` in the path stands for all of a list. */
export type Spot = Readonly<{ rows: readonly Row[]; path: readonly string[] }>

/** One step of a compiled plan. Never rejects: what goes wrong is reported to the run. */
export type Step = (run: PlanRun, spot: Spot) => Promise<void> | void

/** A plan while it runs: what the subgraphs have said so far. */
export class PlanRun {
  readonly root: Row = {}
  readonly errors: GraphQLFormattedError[] = []
  /** Whether no string that was found holds anything that JSON would escape. */
  isPlain = true
  /** As the client sent them: defaults are for the subgraphs to fill in. */
  readonly variables: Row
  /** The variables of `@skip` and `@include`, with defaults. */
  readonly conditions: Readonly<Record<string, unknown>>
  readonly context: OperationContext

  constructor({ variables, conditions, context }: Pick<PlanRun, 'variables' | 'conditions' | 'context'>) {
    this.variables = variables
    this.conditions = conditions
    this.context = context
  }

  /** Takes over what a subgraph said went wrong. */
  report({ message, extensions }: GraphQLFormattedError, service: string, path: Path | undefined): void {
    this.errors.push({
      message: message || `Error while fetching subquery from service "${service}"`,
      ...(path && { path: toClientPath(path) }),
      extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', ...extensions, serviceName: service },
    })
  }

  /** A subgraph gave no answer, or one that cannot be used. */
  fail(code: SubgraphFailure, service: string, places: readonly Path[]): void {
    const failure = failureOf(code, service)
    if (places.length === 0) this.errors.push(failure)
    for (const path of places) this.errors.push({ ...failure, path: toClientPath(path) })
  }
}
