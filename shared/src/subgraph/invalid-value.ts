/**
 * Stands for a value that its scalar refuses, until `check-arguments.ts` reports it with its path. A scalar that throws
 * would fail the whole request, without a path and with the fields beside it.
 */
export class InvalidValue {
  readonly problem: string

  constructor(problem: string) {
    this.problem = problem
  }
}
