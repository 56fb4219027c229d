import { globSync, readFileSync } from 'node:fs'
import { fromRoot } from './stack/repository.ts'
import { findViolations, type SourceFile } from './tree/rules.ts'

const SOURCES = [
  '*/src/**/*.ts',
  '*/test/**/*.ts',
  'infra/*/src/**/*.ts',
  'infra/*/test/**/*.ts',
  'infra/**/*.test.ts',
  'scripts/**/*.ts',
]

/** Every TypeScript file of ours. */
export function readSources(): readonly SourceFile[] {
  const files = globSync(SOURCES, { cwd: fromRoot('.'), exclude: (path) => path.includes('node_modules') })
  return [...new Set(files)].sort().map((path) => ({ path, text: readFileSync(fromRoot(path), 'utf8') }))
}

if (import.meta.main) {
  const sources = readSources()
  const violations = findViolations(sources)
  for (const violation of violations) console.error(violation)
  console.log(`${sources.length} files, ${violations.length} of them against the rules of the tree.`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
