import { describe, expect, it } from 'vitest'
import { type AiBatch, customIdFor, isAbandoned, isOverdue } from './ai-batch.ts'

const at = (minutes: number) => new Date(Date.UTC(2030, 5, 15, 12, minutes))
const BATCH: AiBatch = {
  id: 'b1',
  status: 'CLAIMED',
  jobs: [],
  providerId: null,
  createdAt: at(0),
  submittedAt: null,
  endedAt: null,
}

describe('a job', () => {
  it('goes by its own id in a batch, or by a hash where a provider would not take that', () => {
    expect(customIdFor('decide-iss_1-1')).toBe('decide-iss_1-1')
    expect(customIdFor('decide-iss 1')).toBe('c133535ea73b7208ee25bf06b843cc0295bccf80b2c86b16bd3c82ae109d09ba')
    expect(customIdFor('x'.repeat(65))).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a batch', () => {
  it('is abandoned when it was not submitted within five minutes', () => {
    expect(isAbandoned(BATCH, at(4))).toBe(false)
    expect(isAbandoned(BATCH, at(5))).toBe(true)
    expect(isAbandoned({ ...BATCH, status: 'SUBMITTED' }, at(5))).toBe(false)
  })

  it('is overdue an hour after the day that a provider has for it', () => {
    const submitted = { ...BATCH, submittedAt: at(0) }

    expect(isOverdue(BATCH, at(2000))).toBe(false)
    expect(isOverdue(submitted, at(25 * 60 - 1))).toBe(false)
    expect(isOverdue(submitted, at(25 * 60))).toBe(true)
  })
})
