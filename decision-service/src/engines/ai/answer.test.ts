import type { DecisionAction, DecisionCase, IssueType } from '@redress/shared/contracts.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openSkills } from '../../policies/files/skills-folder.ts'
import { ModelError } from '../model/model.ts'
import { readOpinions } from './answer.ts'

const skills = await openSkills(new URL('../../../../skills', import.meta.url).pathname, { pollMs: null })
const policy = skills.forType('REFUND_REQUEST')
/** An answer is read without a look at the case. */
const caseOf = (issueId: string) => ({ issueId }) as DecisionCase
const [first, second] = [caseOf('iss_1'), caseOf('iss_2')]

const row = {
  case: 'case-1',
  action: 'APPROVE_REFUND',
  confidence: 88,
  reasoning: 'It was defective.',
  policyApplied: 'refund-policy §3.2 defective-prompt',
}
const answer = (...opinions: unknown[]) => JSON.stringify({ opinions })
const malformed = expect.objectContaining({ name: 'ModelError', failure: 'malformed' })

describe('the answer of a model', () => {
  it('gives one opinion for each case, by the id of the issue', () => {
    const text = answer({ ...row, case: 'case-2', action: 'ESCALATE', confidence: 40 }, row)

    const opinions = readOpinions(text, [first, second], policy)

    expect([...opinions]).toEqual([
      [
        'iss_1',
        { action: 'APPROVE_REFUND', confidence: 88, reasoning: row.reasoning, policyApplied: row.policyApplied },
      ],
      ['iss_2', expect.objectContaining({ action: 'ESCALATE', confidence: 40 })],
    ])
  })

  it.for<[string, object]>([
    ['an action of another type', { action: 'BLOCK_CARD' }],
    ['an action that nobody has', { action: 'APPROVE_EVERYTHING' }],
    ['an action by the name of a property of all objects', { action: 'constructor' }],
    ['a confidence above 100', { confidence: 101 }],
    ['a confidence below 0', { confidence: -1 }],
    ['a confidence that is a text', { confidence: '88' }],
    ['no confidence', { confidence: null }],
    ['no reasoning', { reasoning: ' \u200b\n' }],
    ['a section that the policy does not have', { policyApplied: 'refund-policy §9.9' }],
    ['no section', { policyApplied: 'refund-policy defective-prompt' }],
    ['another key', { case: 'iss_1' }],
  ])('with %s is malformed', ([, change]) => {
    expect(() => readOpinions(answer({ ...row, ...change }), [first], policy)).toThrow(malformed)
  })

  it.for([
    '',
    'Sure! Here it is.',
    'null',
    '[]',
    '{}',
    '{"opinions":{}}',
    answer(),
    answer(null, 7, []),
    '['.repeat(100_000),
  ])('that is not even an answer is malformed: %#', (text) => {
    expect(() => readOpinions(text, [first], policy)).toThrow(malformed)
  })

  it('leaves out a case that has none, a broken or two, and keeps the others', () => {
    const cases = ['iss_1', 'iss_2', 'iss_3', 'iss_4'].map(caseOf)
    const twice = { ...row, case: 'case-3' }

    const opinions = readOpinions(
      answer({ ...row, confidence: NaN }, { ...row, case: 'case-2' }, twice, twice),
      cases,
      policy,
    )

    expect([...opinions.keys()]).toEqual(['iss_2'])
  })

  // Written by hand: this table is the agreement (reading C-19), that one the code.
  it.for<[IssueType, string, DecisionAction | null]>([
    ['DECLINE', 'approve_retry', 'RETRY_PAYMENT'],
    ['DECLINE', 'reject', 'ESCALATE'],
    ['DECLINE', 'escalate', 'ESCALATE'],
    ['DECLINE', 'approve_refund', null],
    ['MISSED_INSTALLMENT', 'APPROVE_RETRY', 'RETRY_PAYMENT'],
    ['MISSED_INSTALLMENT', 'reject', 'ESCALATE'],
    ['MISSED_INSTALLMENT', 'charge_late_fee', 'CHARGE_LATE_FEE'],
    ['DISPUTE', 'reject', 'CONTEST_DISPUTE'],
    ['DISPUTE', 'approve_retry', null],
    ['DISPUTE', 'Escalate', 'ESCALATE'],
    ['REFUND_REQUEST', 'approve_refund', 'APPROVE_REFUND'],
    ['REFUND_REQUEST', 'reject', 'DENY_REFUND'],
    ['REFUND_REQUEST', 'approve_retry', null],
  ])('about a %s that says %s means %s', ([issueType, name, action]) => {
    const read = () =>
      readOpinions(answer({ ...row, action: name, policyApplied: '§2.1' }), [first], skills.forType(issueType))

    if (action === null) expect(read).toThrow(malformed)
    else expect(read().get('iss_1')?.action).toBe(action)
  })

  it.for([
    ['§3.2', 'refund-policy §3.2 defective-prompt'],
    ['by section § 3.2 of the policy', 'refund-policy §3.2 defective-prompt'],
    ['dispute-policy §3.2 something-else', 'refund-policy §3.2 defective-prompt'],
    ['§7.1', 'refund-policy §7.1'],
    ['§1', 'refund-policy §1'],
  ])('that cites %s cites %s', ([policyApplied, cited]) => {
    const opinion = readOpinions(answer({ ...row, policyApplied }), [first], policy).get('iss_1')

    expect(opinion?.policyApplied).toBe(cited)
  })

  it('is cut, and masked where it repeats what is personal', () => {
    const reasoning = `As grace@example.org says:\u202e ${'x'.repeat(5000)}`

    const opinion = readOpinions(answer({ ...row, reasoning }), [first], policy).get('iss_1')

    expect(opinion?.reasoning).toMatch(/^As \[email\] says: x+$/)
    expect(opinion?.reasoning).toHaveLength(1000)
  })

  it('has no more confidence than the model gave', () => {
    expect(readOpinions(answer({ ...row, confidence: 89.9 }), [first], policy).get('iss_1')?.confidence).toBe(89)
  })

  it('is usable or malformed, whatever comes, and nothing else', () => {
    const field = fc.oneof(fc.constantFrom(...Object.values(row), '§1.1', 'reject', 0, 100), fc.jsonValue())
    const anyRow = fc.record(
      { case: field, action: field, confidence: field, reasoning: field, policyApplied: field },
      { requiredKeys: [] },
    )
    const rows = fc.array(fc.oneof(anyRow, fc.jsonValue())).map((opinions) => JSON.stringify({ opinions }))
    fc.assert(
      fc.property(fc.oneof(rows, fc.json(), fc.string()), (text) => {
        try {
          const opinions = readOpinions(text, [first, second], policy)

          for (const { action, confidence, reasoning } of opinions.values()) {
            expect(['APPROVE_REFUND', 'DENY_REFUND', 'ESCALATE']).toContain(action)
            expect(Number.isInteger(confidence) && confidence >= 0 && confidence <= 100).toBe(true)
            expect(reasoning).not.toBe('')
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ModelError)
          expect((error as ModelError).failure).toBe('malformed')
        }
      }),
    )
  })
})
