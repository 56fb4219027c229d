import { describe, expect, it } from 'vitest'
import { digestOf } from '../issues/domain/claim.ts'
import { type IssueInput, toStoredInput } from '../issues/domain/issue-input.ts'

const input: IssueInput = {
  idempotencyKey: 'key-1',
  customerId: 'cust_1',
  transactionId: null,
  priority: 'NORMAL',
  details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
}
const saying = (customerMessage: string) => toStoredInput({ ...input, customerMessage })

describe("a customer's message", () => {
  it('is kept with personal things masked', () => {
    expect(saying('  It is grace@example.org, card 4111 1111 1111 1111. ').customerMessage).toBe(
      'It is [email], card [card].',
    )
  })

  it.for(['', '  \n', '\u200b'])('that says nothing is none: %o', (message) => {
    expect(saying(message)).toEqual(input)
  })

  it('has at most 2000 characters when it is masked', () => {
    const longest = 'a@b.co '.repeat(285)

    expect(saying(longest).customerMessage?.length).toBeLessThanOrEqual(2000)
  })

  it('is compared in a repeat as it is stored', () => {
    const digest = digestOf(saying('it broke'))

    expect(digestOf(saying(' it broke '))).toBe(digest)
    expect(digestOf(saying('it is whole'))).not.toBe(digest)
    expect(digestOf(input)).not.toBe(digest)
  })

  it('leaves the digest of an input without one as it was before there were messages', () => {
    expect(digestOf(toStoredInput(input))).toBe('hcU682mW2w_snVdpdF0fmWhtYm0y_1tLwKNTeBHCjRI')
  })
})
