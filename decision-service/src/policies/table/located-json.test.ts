import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLocatedJson } from './located-json.ts'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe('JSON with its lines', () => {
  it('says on which line a value stands, or what should hold it', () => {
    const located = parseLocatedJson('{\n "a": [\n  1,\n  { "b":\n 2 }\n ]\n}')

    const lineOf = located.ok ? located.lineOf : () => null
    expect([[], ['a'], ['a', 0], ['a', 1], ['a', 1, 'b'], ['a', 1, 'c'], ['x', 'y']].map(lineOf)).toEqual([
      1, 2, 3, 4, 4, 4, 1,
    ])
  })

  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
        const written = JSON.stringify(JSON.parse(text), null, indent)

        expect(parseLocatedJson(written)).toMatchObject({ ok: true, value: JSON.parse(text) })
      }),
    )
  })

  it('is refused where JSON.parse refuses it', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '1',
      '-',
      '01',
      'null',
      'nul',
      '"',
      ' ',
      '\n',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        fc.pre(!isJson(text))

        expect(parseLocatedJson(text).ok).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('is refused where it is nested too deeply to be meant', () => {
    const located = parseLocatedJson(`${'['.repeat(100_000)}`)

    expect(located).toMatchObject({ ok: false, problem: expect.stringContaining('nested so deeply') })
  })

  it('with long names needs no more room than its text', () => {
    const name = 'n'.repeat(50_000)
    const numbers = Array(10_000).fill('1')

    const located = parseLocatedJson(`{ "${name}": [${numbers.join(',\n')}] }`)

    expect(located.ok && located.lineOf([name, 9_999])).toBe(10_000)
  })

  it('is refused above the size limit', () => {
    const located = parseLocatedJson(`[${Array(20_000).fill('1').join(',')}]`)

    expect(located).toMatchObject({ ok: false, problem: expect.stringContaining('nothing more than 20000 values') })
  })
})
