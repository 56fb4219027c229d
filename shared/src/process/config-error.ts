/** Of sysexits.h: a supervisor need not try again. */
export const EX_CONFIG = 78

/** The environment is incomplete or invalid. `problems` names every variable at once, never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options: ErrorOptions = {}) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, options)
    this.problems = problems
  }
}
