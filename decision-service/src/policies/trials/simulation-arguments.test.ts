import { DecisionCase } from '@redress/shared/contracts.ts'
import { findSchemaProblems } from '@redress/shared/testing/schema-problems.ts'
import { describe, expect, it } from 'vitest'
import { type SimulationArgument, toSimulation } from './simulation-arguments.ts'

const problemsOf = findSchemaProblems(new URL('../../../schema.graphql', import.meta.url), 'DecisionCaseInput')
type CaseArgument = NonNullable<SimulationArgument['case']>
const customer = { riskScore: 10, accountAgeDays: 400 }
const decline = { errorCode: 'CARD_EXPIRED', autoRetryCount: 0 } as const
const transaction = { amount: { amount: 100, currency: 'USD' }, status: 'CAPTURED', ageDays: 0, refunded: 0 } as const
const caseWith = (change: Partial<CaseArgument>): SimulationArgument => ({
  case: { details: { decline }, customer, ...change },
})

describe('the input of a simulation', () => {
  it('that gives a case has the defaults of the schema, and ids that lead nowhere', () => {
    const simulation = toSimulation(caseWith({ transaction }))

    expect(simulation).toEqual({
      digest: null,
      engine: null,
      subject: {
        case: {
          issueId: 'simulated',
          priority: 'NORMAL',
          details: { type: 'DECLINE', errorCode: 'CARD_EXPIRED', autoRetryCount: 0 },
          customer: {
            id: 'simulated',
            riskScore: 10,
            accountAgeDays: 400,
            recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
          },
          transaction: { id: 'simulated', amount: { amount: 100, currency: 'USD' }, status: 'CAPTURED', ageDays: 0 },
        },
      },
    })
    expect('case' in simulation.subject && DecisionCase.allows(simulation.subject.case)).toBe(true)
  })

  it('that names an issue uses the stored case', () => {
    const simulation = toSimulation({ issueId: 'iss_1', case: null, digest: 'd1', engine: 'AI' })

    expect(simulation).toEqual({ subject: { issueId: 'iss_1' }, digest: 'd1', engine: 'AI' })
  })

  it.for<[string, SimulationArgument]>([
    ['both an issue and a case', { issueId: 'iss_1', ...caseWith({}) }],
    ['neither of them', { digest: 'd1' }],
  ])('is refused with %s', ([, argument]) => {
    const refusal = expect.objectContaining({
      code: 'BAD_USER_INPUT',
      facts: expect.objectContaining({ argumentPath: ['input'] }),
    })

    expect(() => toSimulation(argument)).toThrow(refusal)
  })

  it.for<[string, object]>([
    ['details.decline.autoRetryCount', { details: { decline: { ...decline, autoRetryCount: 101 } } }],
    [
      'details.dispute.daysSincePurchase',
      { details: { dispute: { reason: 'UNAUTHORIZED', daysSincePurchase: 3651 } } },
    ],
    ['customer.riskScore', { customer: { ...customer, riskScore: 101 } }],
    ['customer.accountAgeDays', { customer: { ...customer, accountAgeDays: -1 } }],
    ['customer.recentDisputes', { customer: { ...customer, recentDisputes: 51 } }],
    ['transaction.amount.amount', { transaction: { ...transaction, amount: { amount: 0, currency: 'USD' } } }],
    ['transaction.ageDays', { transaction: { ...transaction, ageDays: 36_501 } }],
    ['customerMessage', { customerMessage: 'a'.repeat(2001) }],
  ])('that is out of range at %s is refused with that path', ([path, change]) => {
    const problems = problemsOf({ ...caseWith({}).case, ...change })

    expect(problems.map((problem) => problem.path.join('.'))).toEqual([path])
  })

  it("masks personal data in the customer's message", () => {
    const { subject } = toSimulation(caseWith({ customerMessage: ' Write to jo@example.com please. ' }))

    expect(subject).toMatchObject({ case: { message: 'Write to [email] please.' } })
  })
})
