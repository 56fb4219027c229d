import { readFileSync } from 'node:fs'
import type { DecisionCase } from '@redress/shared/contracts.ts'
import { parseSkill } from '../src/policies/files/parse-skill.ts'
import type { Skill } from '../src/policies/files/skill.ts'

const read = (file: string) => readFileSync(new URL(`../../skills/refund-policy/${file}`, import.meta.url), 'utf8')

/** The policy for refunds as it is shipped. */
export function readRefundPolicy(): Skill {
  const files = new Map(['SKILL.md', 'rules.json'].map((file) => [file, read(file)]))
  const parsed = parseSkill('refund-policy', files)
  if ('problems' in parsed) throw new Error('the policy is broken')
  return { ...parsed.skill, digest: 'd'.repeat(64) }
}

/** Two days after the purchase, defective, 250.00 USD: the rules approve it with 88, by §3.2. */
export function refundCase(change: Partial<DecisionCase> = {}): DecisionCase {
  return {
    issueId: 'iss_1',
    priority: 'NORMAL',
    details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 2, partialAmount: null },
    customer: {
      id: 'cust_1',
      riskScore: 5,
      accountAgeDays: 400,
      recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
    },
    transaction: {
      id: 'txn_1',
      amount: { amount: 25_000, currency: 'USD' },
      status: 'CAPTURED',
      ageDays: 2,
      shippingStatus: 'DELIVERED',
    },
    ...change,
  }
}

/** A model's answer about a case, in the form that the prompt asks for. */
export function toAnswer(opinions: readonly Readonly<{ action: string; confidence: number }>[]): string {
  const rows = opinions.map((opinion, index) => ({
    case: `case-${index + 1}`,
    reasoning: `It is ${opinion.action}.`,
    policyApplied: '§3.2',
    ...opinion,
  }))
  return JSON.stringify({ opinions: rows })
}
