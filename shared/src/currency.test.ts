import { GraphQLCurrency } from 'graphql-scalars'
import { describe, expect, it } from 'vitest'
import { toCurrency } from './currency.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')
const THREE = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.map((c) => a + b + c)))
const isKnownElsewhere = (code: string) => {
  try {
    return GraphQLCurrency.parseValue(code) === code
  } catch {
    return false
  }
}

describe('a currency', () => {
  it.for([
    ['USD', 'USD'],
    ['usd', 'USD'],
    ['eUr', 'EUR'],
    ['XCG', 'XCG'],
  ] as const)('%s is %s', ([text, code]) => {
    expect(toCurrency(text)).toBe(code)
  })

  it.for(['', 'US', 'USDD', 'ABC', 'XXX', 'XTS', 'XAU', ' USD', 'USD\n', 'ﬀS', '$', 'ＵＳＤ'])('is not %j', (text) => {
    expect(toCurrency(text)).toBeNull()
  })

  it('differs from the list of graphql-scalars in what is not money, was withdrawn, or is missing there', () => {
    const differing = THREE.filter((code) => (toCurrency(code) !== null) !== isKnownElsewhere(code))

    expect(differing.join(' ')).toBe(
      'BOV CHE CHW CLF COU CUC HRK MXV SLL USN UYI UYW VED XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX ZWL',
    )
  })
})
