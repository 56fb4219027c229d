import { describe, expect, it } from 'vitest'
import { findWrongDependencies, type Package } from './packages.ts'
import { parseSource } from './parse-source.ts'

const source = (path: string, ...specifiers: readonly string[]) =>
  parseSource({ path, text: specifiers.map((specifier) => `import '${specifier}'\n`).join('') })

const packageOf = (
  folder: string,
  dependencies: readonly string[],
  devDependencies: readonly string[] = [],
): Package => ({
  folder,
  dependencies,
  devDependencies,
})
const root = packageOf('.', [], ['vitest', 'typescript'])
const rootTest = source('scripts/a.test.ts', 'vitest')

describe('the dependencies of a package', () => {
  it('are what its files import', () => {
    const shared = packageOf('shared', ['pino', '@apollo/server'], ['@types/pino'])
    const files = [source('shared/src/a.ts', 'pino', '@apollo/server/plugin/x', './b.ts', 'node:fs'), rootTest]

    expect(findWrongDependencies(files, [root, shared])).toEqual([])
  })

  it('are declared where they are imported, not in another package', () => {
    const packages = [packageOf('.', ['pino']), packageOf('shared', [])]

    expect(findWrongDependencies([source('shared/src/a.ts', 'pino')], packages)).toContain(
      'shared/src/a.ts: imports pino, which shared/package.json does not declare for it',
    )
  })

  it('are not declared when nothing imports them', () => {
    expect(findWrongDependencies([rootTest], [root, packageOf('shared', ['redis'])])).toEqual([
      'shared/package.json: declares redis, which no file of it imports',
    ])
  })

  it('are for production where more than tests import them, and only there', () => {
    const files = [source('shared/src/a.ts', 'pino'), source('shared/src/a.test.ts', 'redis', 'vitest')]

    expect(findWrongDependencies(files, [root, packageOf('shared', ['redis'], ['pino'])])).toEqual([
      'shared/src/a.ts: imports pino, which shared/package.json does not declare for it',
      'shared/package.json: declares redis for production; only tests import it',
    ])
  })
})
