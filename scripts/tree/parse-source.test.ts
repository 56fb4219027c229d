import { describe, expect, it } from 'vitest'
import { parseSource } from './parse-source.ts'

const parse = (...lines: readonly string[]) => parseSource({ path: 'a.ts', text: `${lines.join('\n')}\n` })

describe('a parsed source file', () => {
  it.for([
    "import type { A } from 'mongodb'",
    "export { a } from 'mongodb'",
    "export * from 'mongodb'",
    "import 'mongodb'",
    "const a = await import('mongodb')",
    "type A = import('mongodb').Collection",
    "import {\n  a,\n  type B,\n} from 'mongodb'",
  ])('has an import written as %j', (line) => {
    expect(parse(line).imports).toEqual(['mongodb'])
  })

  it('has no import that is only text', () => {
    const { imports } = parse("// import 'mongodb'", "const a = `import 'mongodb'`", 'const b = await import(a)')

    expect(imports).toEqual([])
  })

  it('counts the lines of the file, and of each function with those inside it', () => {
    const { lines, functions } = parse('export function outer() {', '  return () => {', '    inner()', '  }', '}', '')

    expect(lines).toBe(6)
    expect(functions).toEqual([
      { name: 'outer', lines: 5 },
      { name: 'callback in outer', lines: 3 },
    ])
  })

  it.for([
    ['function f() {}', 'f'],
    ['const f = () => 1', 'f'],
    ['const o = { f() {} }', 'f'],
    ['const o = { f: async () => {} }', 'f'],
    ['class C { f() {} }', 'f'],
    ['class C { #f = () => {} }', 'f'],
    ['run(() => {})', 'callback in the module'],
  ])('names the function of %j %j', ([line, name]) => {
    expect(parse(line!).functions.map((one) => one.name)).toEqual([name])
  })

  it.for([
    ["export { a } from './a.ts'"],
    ["import { a } from './a.ts'", 'export const b = a'],
    ["import { a } from './a.ts'", 'export const b = (c: string) => a(c)'],
    ["import { a } from './a.ts'", 'export function b(c: string) {', '  return { c: () => a(c) }', '}'],
  ])('only forwards when it is %j', (lines) => {
    expect(parse(...lines).onlyForwards).toBe(true)
  })

  it.for([
    ['export type A = string'],
    ['export const a = 1'],
    ["import { a } from './a.ts'", 'export const b = (c: number) => a(c + 1)'],
    ["import { a } from './a.ts'", 'export const b = (c: string) => a(a(c))'],
  ])('does work of its own when it is %j', (lines) => {
    expect(parse(...lines).onlyForwards).toBe(false)
  })

  it('is refused, with its path, when it is not TypeScript', () => {
    expect(() => parse('const = 1')).toThrow(/^a\.ts: /)
  })
})
