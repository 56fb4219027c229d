import { describe, expect, it } from 'vitest'
import type { Facts } from './fact.ts'
import { FACTS } from './facts.ts'
import { toMoneyText } from './money-text.ts'
import { compileSentence } from './sentence.ts'

const facts: Facts = {
  errorCode: 'INSUFFICIENT_FUNDS',
  autoRetryCount: 1,
  amount: 12500,
  currency: 'USD',
  riskScore: 0,
  shippingStatus: null,
  accountAgeDays: 2,
}

describe('a reason', () => {
  it.for<[string, string]>([
    ['Nothing to fill in.', 'Nothing to fill in.'],
    ['{amount} was due.', '125.00 USD was due.'],
    ['Declined for {errorCode}.', 'Declined for insufficient funds.'],
    ['After {autoRetryCount:retry|retries}.', 'After 1 retry.'],
    ['The account is {accountAgeDays:day|days} old.', 'The account is 2 days old.'],
    ['Risk is {riskScore}{riskScore}.', 'Risk is 00.'],
    ['Shipping: {shippingStatus}.', 'Shipping: unknown.'],
    ['In {currency}.', 'In USD.'],
    ['{ amount } and {} stay.', '{ amount } and {} stay.'],
  ])('%j reads %j', ([text, expected]) => {
    const { sentence, unknownFacts } = compileSentence(text, FACTS.DECLINE)

    expect(sentence(facts)).toBe(expected)
    expect(unknownFacts).toEqual([])
  })

  it('names the facts that there are not', () => {
    const { unknownFacts } = compileSentence('{risk} of {riskScore} on {toString}', FACTS.DECLINE)

    expect(unknownFacts).toEqual(['risk', 'toString'])
  })
})

describe('an amount', () => {
  it.for<[number, string, string]>([
    [12500, 'USD', '125.00 USD'],
    [5, 'EUR', '0.05 EUR'],
    [-250, 'GBP', '-2.50 GBP'],
    [12500, 'JPY', '12500 JPY'],
    [12500, 'KWD', '12.500 KWD'],
  ])('of %d in %s reads %s', ([amount, currency, expected]) => {
    expect(toMoneyText(amount, currency)).toBe(expected)
  })
})
