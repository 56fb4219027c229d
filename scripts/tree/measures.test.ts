import { describe, expect, it } from 'vitest'
import { findExcesses, measureTree } from './measures.ts'
import { parseSource } from './parse-source.ts'

const source = (path: string, text = 'export const a = 1\n') => parseSource({ path, text })
const linesOf = (count: number) => 'run(1)\n'.repeat(count)
const functionOf = (lines: number) => `function f() {\n${linesOf(lines - 2)}}\n`

const excessesOf = (files: readonly ReturnType<typeof source>[], exceptions: Readonly<Record<string, number>> = {}) =>
  findExcesses(measureTree(files, []), exceptions)

const folderOf = (path: string, count: number) =>
  Array.from({ length: count }, (_, index) => source(`${path}/f${index}.ts`))

describe('the limits of the tree', () => {
  it('let a file have 200 lines', () => {
    expect(excessesOf([source('shared/src/a.ts', linesOf(200))])).toEqual([])
    expect(excessesOf([source('shared/src/a.ts', linesOf(201))])).toEqual([
      'shared/src/a.ts has 201 lines; a source file has at most 200',
    ])
  })

  it('let a function have 40 lines', () => {
    expect(excessesOf([source('shared/src/a.ts', functionOf(40))])).toEqual([])
    expect(excessesOf([source('shared/src/a.ts', functionOf(41))])).toEqual([
      'shared/src/a.ts: f has 41 lines; a function has at most 40',
    ])
  })

  it.for(['main', 'worker'])('let a %s.ts have 59 lines', (name) => {
    const path = `audit-service/src/${name}.ts`

    expect(excessesOf([source(path, linesOf(59))])).toEqual([])
    expect(excessesOf([source(path, linesOf(60))])).toEqual([`${path} has 60 lines; a program has at most 59`])
  })

  it('let the README of a package have 39 lines', () => {
    const readmes = [
      { path: 'gateway/README.md', lines: 40 },
      { path: 'shared/README.md', lines: 39 },
    ]

    expect(findExcesses(measureTree([], readmes), {})).toEqual([
      'gateway/README.md has 40 lines; the README of a package has at most 39',
    ])
  })

  it('let a folder have 20 source files, tests not counted', () => {
    const twenty = folderOf('shared/src/events', 20)

    expect(excessesOf([...twenty, source('shared/src/events/f.test.ts')])).toEqual([])
    expect(excessesOf([...twenty, source('shared/src/events/f.ts')])).toEqual([
      'shared/src/events/ has 21 source files; a folder has at most 20',
    ])
  })

  it('do not hold for tests', () => {
    expect(excessesOf([source('shared/src/a.test.ts', functionOf(300))])).toEqual([])
  })

  it('let no short file only forward', () => {
    expect(excessesOf([source('shared/src/a.ts', "export { b } from './b.ts'\n")])).toEqual([
      'shared/src/a.ts: forwarding only calls or exports another file; move it to its caller or to what it calls',
    ])
  })

  it('let no imports form a circle, not even imports of types', () => {
    const circle = [
      source('shared/src/a.ts', "import { b } from './b.ts'\nexport const a = 1"),
      source('shared/src/b.ts', "import type { C } from '@redress/shared/c.ts'\nexport const b = 1"),
      source('shared/src/c.ts', "import { a } from './a.ts'\nexport type C = 1"),
      source('shared/src/d.ts', "import { a } from './a.ts'\nexport const d = 1"),
    ]

    expect(excessesOf(circle)).toEqual([
      'shared/src/a.ts: circle of imports: shared/src/a.ts, shared/src/b.ts, shared/src/c.ts',
    ])
  })

  it('put layers first in a service of up to 60 source files, and subjects above', () => {
    const inFolders = (count: number) => [
      ...folderOf('issues-service/src/domain', 20),
      ...folderOf('issues-service/src/inbound', 20),
      ...folderOf('issues-service/src/outbound', count - 40),
    ]
    const bySubject = [
      ...folderOf('issues-service/src/ledger/domain', 20),
      ...folderOf('issues-service/src/a/inbound', 20),
    ]

    expect(excessesOf(inFolders(60))).toEqual([])
    expect(excessesOf(inFolders(61))).toContain(
      'issues-service/src/: layers stand first among 61 source files; above 60, subjects do',
    )
    expect(
      excessesOf([...bySubject, ...folderOf('issues-service/src/issues', 20), source('issues-service/src/a.ts')]),
    ).toEqual([])
  })
})

describe('an exception', () => {
  const long = source('shared/src/a.ts', linesOf(250))

  it('lets a figure stay as it is', () => {
    expect(excessesOf([long], { 'shared/src/a.ts': 250 })).toEqual([])
  })

  it('does not let it grow', () => {
    expect(excessesOf([long], { 'shared/src/a.ts': 249 })).toEqual([
      'shared/src/a.ts has 250 lines; a source file has at most 200',
    ])
  })

  it('is lowered when the figure has fallen', () => {
    expect(excessesOf([long], { 'shared/src/a.ts': 260 })).toEqual([
      'shared/src/a.ts: is 250 now; lower its exception from 260',
    ])
  })

  it('is taken out once it is not needed, or its subject is gone', () => {
    const exceptions = { 'shared/src/b.ts': 210, 'shared/src/gone.ts': 210 }

    expect(excessesOf([source('shared/src/b.ts', linesOf(190))], exceptions)).toEqual([
      'shared/src/b.ts: is no exception any more; take it out of the list',
      'shared/src/gone.ts: is no exception any more; take it out of the list',
    ])
  })
})
