import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fromRoot } from './repository.ts'
import { EXCEPTIONS } from './tree/exceptions.ts'
import { findLayerBreaches } from './tree/layers.ts'
import { findExcesses, measureTree, type Readme } from './tree/measures.ts'
import { findEmptyNames } from './tree/names.ts'
import { findWrongDependencies, type Package } from './tree/packages.ts'
import { countLines, type ParsedSource, parseSource } from './tree/parse-source.ts'
import { findForbiddenImports, findUnusedPermissions } from './tree/rules.ts'

const SOURCES = [
  '*/src/**/*.ts',
  '*/test/**/*.ts',
  'infra/*/src/**/*.ts',
  'infra/*/test/**/*.ts',
  'infra/**/*.test.ts',
  'scripts/**/*.ts',
]
const PACKAGES = ['package.json', '*/package.json', 'infra/*/package.json']

type PackageJson = Readonly<Partial<Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>>>>>

export type Tree = Readonly<{
  sources: readonly ParsedSource[]
  readmes: readonly Readme[]
  packages: readonly Package[]
}>

/** Every TypeScript file of the repository, and the README and the package.json of every package. */
export function readTree(): Tree {
  const sources = pathsOf(SOURCES).map((path) => parseSource({ path, text: read(path) }))
  const packages = pathsOf(PACKAGES).map(readPackage)
  const readmes = packages.filter(({ folder }) => folder !== '.').map(readReadme)
  return { sources, readmes, packages }
}

function readPackage(path: string): Package {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(read(path)) as PackageJson
  return {
    folder: posix.dirname(path),
    dependencies: Object.keys(dependencies),
    devDependencies: Object.keys(devDependencies),
  }
}

function readReadme({ folder }: Package): Readme {
  const path = `${folder}/README.md`
  return { path, lines: countLines(read(path)) }
}

function pathsOf(patterns: readonly string[]): readonly string[] {
  const paths = globSync(patterns, { cwd: fromRoot('.'), exclude: (path) => path.includes('node_modules') })
  return [...new Set(paths)].sort()
}

const read = (path: string): string => readFileSync(fromRoot(path), 'utf8')

/** One line for every breach of a house rule, which names the file and the rule. */
export function findViolations({ sources, readmes, packages }: Tree): readonly string[] {
  return [
    ...findEmptyNames(sources),
    ...findForbiddenImports(sources),
    ...findLayerBreaches(sources),
    ...findUnusedPermissions(sources),
    ...findWrongDependencies(sources, packages),
    ...findExcesses(measureTree(sources, readmes), EXCEPTIONS),
  ]
}

if (import.meta.main) {
  const tree = readTree()
  const violations = findViolations(tree)
  for (const violation of violations) console.error(violation)
  const exceptions = Object.keys(EXCEPTIONS).length
  console.log(`${tree.sources.length} files, ${violations.length} violations, ${exceptions} exceptions.`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
