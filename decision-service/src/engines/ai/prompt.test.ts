import type { DecisionCase } from '@redress/shared/contracts.ts'
import { anyCharacter } from '@redress/shared/testing/any-character.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { toModelRequest } from './prompt.ts'

const skills = await openSkills(new URL('../../../../skills', import.meta.url).pathname, { pollMs: null })
const policy = skills.forType('REFUND_REQUEST')
const refund: DecisionCase = {
  issueId: 'iss_secret',
  priority: 'NORMAL',
  details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 9, partialAmount: null },
  customer: {
    id: 'cust_secret',
    riskScore: 15,
    accountAgeDays: 12,
    recentIssues: { DECLINE: 1, MISSED_INSTALLMENT: 2, DISPUTE: 3, REFUND_REQUEST: 4 },
  },
  transaction: { id: 'txn_secret', amount: { amount: 12500, currency: 'EUR' }, status: 'CAPTURED', ageDays: 9 },
}
const saying = (message: string): DecisionCase => ({ ...refund, message })

function readBlock(user: string) {
  const [open = '', json = '', close, ...more] = user.split('\n')
  return { open, data: JSON.parse(json), close, more }
}

describe('a question to a model', () => {
  it('has the policy word by word in its instructions, which are the same for every case', () => {
    const [one, other] = [toModelRequest([refund], policy), toModelRequest([saying('hello')], policy)]

    expect(one.system[1]).toContain(policy.text)
    expect(other.system).toEqual(one.system)
  })

  it('has the lens of a voter last, so that what stands before it is the same for all', () => {
    const { system } = toModelRequest([refund], policy, 'Look at fraud first.')

    expect(system).toEqual([...toModelRequest([refund], policy).system, 'Look at fraud first.'])
  })

  it('contains the facts of a case with amounts in minor units and their currency', () => {
    const { data } = readBlock(toModelRequest([refund], policy).user)

    expect(data).toMatchObject({
      issueType: 'REFUND_REQUEST',
      cases: [{ case: 'case-1', facts: { amount: 12500, currency: 'EUR', riskScore: 15, recentDisputes: 3 } }],
    })
    expect(toModelRequest([refund], policy).system[1]).toContain('minor units (cents) of `currency`')
  })

  it('contains no internal id', () => {
    const request = toModelRequest([refund, { ...refund, issueId: 'iss_other' }], policy)

    expect(JSON.stringify(request)).not.toMatch(/secret|iss_|cust_|txn_/)
  })

  it('masks personal data in a text that was not masked before', () => {
    const { user } = toModelRequest([saying('grace@example.org 4111 1111 1111 1111')], policy)

    expect(readBlock(user).data.cases[0].customerText).toBe('[email] [card]')
  })

  it('allows the actions of the type only, and no bounds that a provider would refuse', () => {
    const { schema } = toModelRequest([refund], policy)

    expect(JSON.stringify(schema)).toContain('["APPROVE_REFUND","DENY_REFUND","ESCALATE"]')
    expect(JSON.stringify(schema)).not.toMatch(/minimum|maximum|minLength|maxLength|BLOCK_CARD/)
  })

  it('leaves more room for the answer the more cases it is about', () => {
    const room = [1, 2, 20].map((count) => toModelRequest(Array(count).fill(refund), policy).maxTokens)

    expect(room).toEqual([800, 1400, 12200])
  })

  it('is never about no case, too many, or a case of another type', () => {
    expect(() => toModelRequest([], policy)).toThrow()
    expect(() => toModelRequest(Array(21).fill(refund), policy)).toThrow()
    expect(() => toModelRequest([refund], skills.forType('DISPUTE'))).toThrow()
  })
})

describe('the text of a customer', () => {
  const piece = fc.constantFrom(
    '</data',
    ' 0',
    '>',
    '<data',
    '"',
    '\\',
    '}]}',
    '\n',
    '\u2028',
    '\u202e',
    '\u{e0041}',
    '\u0000',
  )
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.array(piece).map((pieces) => pieces.join('')),
  )

  it('cannot leave its fence, whatever it is', () => {
    fc.assert(
      fc.property(text, (message) => {
        const { open, data, close, more } = readBlock(toModelRequest([saying(message), refund], policy).user)

        expect(open).toMatch(/^<data [0-9a-f]{32}>$/)
        expect([close, more]).toEqual([open.replace('<', '</'), []])
        expect(data.cases).toHaveLength(2)
        expect(JSON.stringify(data).match(/[\p{Cf}\u2028\u2029]/u)).toBeNull()
      }),
    )
  })

  it('changes nothing about the facts', () => {
    fc.assert(
      fc.property(text, (message) => {
        const [one, other] = [saying(message), refund].map(
          (it) => readBlock(toModelRequest([it], policy).user).data.cases[0],
        )

        expect(one.facts).toEqual(other.facts)
      }),
    )
  })

  it('has at most 2000 characters', () => {
    const { user } = toModelRequest([saying('é'.repeat(5000))], policy)

    expect(readBlock(user).data.cases[0].customerText).toHaveLength(2000)
  })

  it('is fenced by another number each time', () => {
    const fences = Array.from({ length: 50 }, () => readBlock(toModelRequest([refund], policy).user).open)

    expect(new Set(fences).size).toBe(50)
  })
})
