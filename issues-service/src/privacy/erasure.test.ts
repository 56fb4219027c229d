import { describe, expect, it } from 'vitest'
import { confirmPart, erasePart, openErasure, PART_ISSUES } from './erasure.ts'

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second))
const cause = { actor: 'ada', tenant: 'default', requestId: 'req-1', ip: null }
const opened = openErasure({ customerId: 'cust_1', reason: 'asked', cause, now: at(0) })
const issues = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `iss_${index}`, createdAt: at(0) }))
const inTwoParts = () => {
  const first = erasePart(opened, issues(PART_ISSUES), at(1))
  return { first, second: erasePart(first.erasure, issues(3), at(2)) }
}

describe('an erasure', () => {
  it('has an event for each part, with the ids of its issues', () => {
    const { first, second } = inTwoParts()

    expect([first, second].map(({ erasure: { parts, erasedAt } }) => [parts, erasedAt])).toEqual([
      [1, null],
      [2, at(2)],
    ])
    expect(second.erasure.issues).toBe(PART_ISSUES + 3)
    expect(second.events).toMatchObject([
      { id: 'cust_1-erased-2', type: 'customer.erased', data: { part: 2, issueIds: ['iss_0', 'iss_1', 'iss_2'] } },
    ])
  })

  it('of a customer without issues has one part', () => {
    expect(erasePart(opened, [], at(1)).erasure).toMatchObject({ parts: 1, issues: 0, erasedAt: at(1) })
  })

  it('is complete once each subgraph has confirmed every part, in whatever order, also twice', () => {
    let { erasure } = inTwoParts().second
    const confirm = (subgraph: 'decisions' | 'audit', part: number, second: number) => {
      erasure = confirmPart(erasure, { subgraph, part }, at(second))
    }

    confirm('decisions', 2, 3)
    confirm('decisions', 2, 4)
    confirm('audit', 1, 5)
    confirm('audit', 2, 6)
    expect(erasure).toMatchObject({ confirmedAt: { decisions: null, audit: at(6) }, completedAt: null })
    confirm('decisions', 1, 7)

    expect(erasure).toMatchObject({ confirmedAt: { decisions: at(7), audit: at(6) }, completedAt: at(7) })
  })

  it('is not complete while parts are still to come, though all so far are confirmed', () => {
    const { first } = inTwoParts()
    const confirmed = (['decisions', 'audit'] as const).reduce(
      (erasure, subgraph) => confirmPart(erasure, { subgraph, part: 1 }, at(2)),
      first.erasure,
    )

    expect(confirmed.completedAt).toBeNull()
    expect(erasePart(confirmed, [], at(3)).erasure).toMatchObject({ erasedAt: at(3), completedAt: null })
  })
})
