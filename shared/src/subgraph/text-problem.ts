const CONTROL = /\p{Cc}/u
const CONTROL_BUT_LINES = /[^\P{Cc}\t\n\r]/u

/**
 * The problem of a text that cannot be stored or shown as it is; null for any other. Lone surrogates are stored as one
 * and the same character, so that different keys and ids would become equal; control characters rewrite terminals.
 */
export function findTextProblem(text: string, { isMultiline = false } = {}): string | null {
  if (!text.isWellFormed()) return 'must not contain half of a surrogate pair'
  const control = isMultiline ? CONTROL_BUT_LINES : CONTROL
  return control.test(text) ? 'must not contain control characters' : null
}
