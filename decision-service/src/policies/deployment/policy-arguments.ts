import { BadUserInputError } from '@redress/shared/errors.ts'
import type { PolicyFile } from './policy.ts'

const FILES_BYTES_MAX = 1_000_000

/** Beside SKILL.md, or below one of the folders of the Agent Skills standard. Nothing leads out of the skill. */
const PATH =
  /^(?:(?:references|scripts|assets|evals)\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/
const FOLDERS = /^(?:references|scripts|assets|evals)\//

/** @throws BadUserInputError for files that are too large together, and for paths that no skill can have. */
export function checkFiles(files: readonly PolicyFile[]): readonly PolicyFile[] {
  const at = ['input', 'files']
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
  if (bytes > FILES_BYTES_MAX) throw new BadUserInputError(at, `must have at most ${FILES_BYTES_MAX} bytes together`)

  const seen = new Set<string>()
  for (const [index, { path }] of files.entries()) {
    const problem = problemOfPath(path) ?? (seen.has(path) ? 'is given twice' : null)
    if (problem !== null) throw new BadUserInputError([...at, String(index), 'path'], problem)
    seen.add(path)
  }
  return files
}

function problemOfPath(path: string): string | null {
  const isOne = PATH.test(path) && (FOLDERS.test(path) || !path.includes('/'))
  return isOne ? null : 'must be a file of a skill, such as rules.json or references/law.md'
}
