import { isTest } from './areas.ts'
import type { ParsedSource } from './parse-source.ts'

/** The declarations of a package.json. `folder` is given from the root of the repository, '.' for the root itself. */
export type Package = Readonly<{
  folder: string
  dependencies: readonly string[]
  devDependencies: readonly string[]
}>

/** Run as commands or read by the compiler, so no import names them. */
const TOOLS = new Set(['@biomejs/biome', '@types/node', 'pnpm', 'typescript'])
/** Not part of what runs in production, so their packages may be development dependencies. */
const DEVELOPMENT_ONLY = /^(scripts|infra)\/(?!devdb\/)|^gateway\/src\/composition\//

type Use = Readonly<{ name: string; path: string; isProduction: boolean }>

/**
 * One line for every import of a package that its own package.json does not declare, and for every declaration that
 * nothing imports. Tests may also import what the root declares; what runs in production needs a `dependency`.
 */
export function findWrongDependencies(files: readonly ParsedSource[], packages: readonly Package[]): readonly string[] {
  const root = packages.find(({ folder }) => folder === '.')
  return packages.flatMap((one) => {
    const uses = files.filter(({ path }) => ownerOf(path, packages) === one).flatMap(usesOf)
    const usesOfDeclared = one === root ? files.flatMap(usesOf) : uses
    return [...findUndeclared(one, uses, root), ...findUnused(one, usesOfDeclared)]
  })
}

function ownerOf(path: string, packages: readonly Package[]): Package | undefined {
  const inner = packages.find(({ folder }) => path.startsWith(`${folder}/`))
  return inner ?? packages.find(({ folder }) => folder === '.')
}

function usesOf({ path, imports }: ParsedSource): readonly Use[] {
  const isProduction = !isTest(path) && !DEVELOPMENT_ONLY.test(path)
  return imports.filter(isPackage).map((specifier) => ({ name: nameOf(specifier), path, isProduction }))
}

const isPackage = (specifier: string): boolean => !specifier.startsWith('.') && !specifier.startsWith('node:')

const nameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function findUndeclared(one: Package, uses: readonly Use[], root: Package | undefined): readonly string[] {
  const forTests = [one, root].flatMap((from) => [...(from?.dependencies ?? []), ...(from?.devDependencies ?? [])])
  return uses
    .filter(({ name, isProduction }) => !(isProduction ? one.dependencies : forTests).includes(name))
    .map(({ name, path }) => `${path}: imports ${name}, which ${one.folder}/package.json does not declare for it`)
}

function findUnused({ folder, dependencies, devDependencies }: Package, uses: readonly Use[]): readonly string[] {
  const used = new Set(uses.map(({ name }) => name))
  const inProduction = new Set(uses.filter(({ isProduction }) => isProduction).map(({ name }) => name))
  const isRoot = folder === '.'
  const unused = [...dependencies, ...devDependencies].filter(
    (name) => !used.has(name.replace(/^@types\//, '')) && !TOOLS.has(name),
  )
  const misplaced = dependencies.filter((name) => !isRoot && used.has(name) && !inProduction.has(name))
  return [
    ...unused.map((name) => `${folder}/package.json: declares ${name}, which no file of it imports`),
    ...misplaced.map((name) => `${folder}/package.json: declares ${name} for production; only tests import it`),
  ]
}
