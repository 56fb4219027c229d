import fc from 'fast-check'
import { Lexer, Source, TokenKind } from 'graphql'
import { describe, expect, it } from 'vitest'
import { checkText } from './check-text.ts'
import { LIMITS } from './limits.ts'

const PIECES = [
  '{ ',
  '} ',
  '[',
  ']',
  '(',
  ')',
  ':',
  '...',
  '...A',
  'name',
  ' ',
  '\n',
  ',',
  '#c{"\n',
  '1',
  '-1',
  '1.5e-3',
]
const STRINGS = ['"a{"', '"\\"{["', '"""b " \\""" { """', '""', '""""""', '@x', '$v', '!', '|', '&', '=', '\uFEFF']

/** How many tokens graphql-js finds; null where the text is no GraphQL. */
function tokensOf(text: string): number | null {
  try {
    const lexer = new Lexer(new Source(text))
    let count = 0
    while (lexer.advance().kind !== TokenKind.EOF) count += 1
    return count
  } catch {
    return null
  }
}

const refusalOf = (text: string) => {
  try {
    checkText(text)
    return null
  } catch (error) {
    return (error as { facts: unknown }).facts
  }
}
const tooMany = (what: keyof typeof LIMITS, size: number) => ({ what, size, limit: LIMITS[what] })

describe('a text', () => {
  it('has as many tokens as graphql-js counts', () => {
    const pieces = fc.array(fc.constantFrom(...PIECES, ...STRINGS), { maxLength: 40 }).map((parts) => parts.join(''))

    fc.assert(
      fc.property(pieces, (text) => {
        const tokens = tokensOf(text)
        fc.pre(tokens !== null)
        const filling = '! '.repeat(LIMITS.tokens - tokens!)

        expect(refusalOf(`${filling}${text}`)).toBeNull()
        expect(refusalOf(`! ${filling}${text}`)).toEqual(tooMany('tokens', LIMITS.tokens + 1))
      }),
      { numRuns: 150 },
    )
  })

  it('has a length in bytes, not in characters', () => {
    expect(refusalOf(`#${'é'.repeat(51_199)}`)).toBeNull()
    expect(refusalOf(`#${'é'.repeat(51_200)}`)).toEqual(tooMany('bytes', 102_401))
  })

  it('has brackets of three kinds, which count while they are open', () => {
    expect(refusalOf('{([])}'.repeat(200))).toBeNull()
    expect(refusalOf('{(['.repeat(22))).toEqual(tooMany('nesting', 65))
  })

  it('has names and numbers of some length, and strings of any', () => {
    expect(refusalOf(`{ ${'a'.repeat(256)}(b: "${'c'.repeat(5_000)}") }`)).toBeNull()
    expect(refusalOf(`{ ${'a'.repeat(257)} }`)).toEqual(tooMany('wordLength', 257))
    expect(refusalOf(`{ a(b: -${'1'.repeat(300)}) }`)).toEqual(tooMany('wordLength', 301))
  })
})
