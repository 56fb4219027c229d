import { checkFollower } from './check-follower.ts'
import { checkIssue } from './check-issue.ts'
import type { Observation } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** Everything in which an observation differs from a settled system that lost, doubled and reordered nothing. */
export function findViolations(seen: Observation): readonly Violation[] {
  const byId = new Map(seen.issues.map((issue) => [issue.id, issue]))
  return [
    ...checkCreation(seen),
    ...[...seen.acknowledged.values()].flatMap((id) => {
      const issue = byId.get(id)
      if (issue === undefined) return [violate('lost issue', id, 'was acknowledged and is not stored')]
      return checkIssue(issue, seen.reviewed.has(id))
    }),
    ...checkRecords(seen),
    ...seen.followers.flatMap((follower) => checkFollower(follower, seen)),
  ]
}

function checkCreation({ acknowledged, refused, stored }: Observation): readonly Violation[] {
  const ids = new Set(acknowledged.values())
  const created = stored.after - stored.before
  const problems = refused.map(({ key, reason }) => violate('refused', key, reason))
  if (ids.size < acknowledged.size) {
    problems.push(violate('doubled issue', 'ids', `${acknowledged.size} keys have ${ids.size} issues`))
  }
  // A key that was refused may have its issue all the same.
  if (created < acknowledged.size || created > acknowledged.size + refused.length) {
    problems.push(violate('doubled issue', 'count', `${acknowledged.size} keys created ${created} issues`))
  }
  return problems
}

/** Checks the records of the whole run: the chain, decisions, analytics, policies. */
function checkRecords(seen: Observation): readonly Violation[] {
  const problems: Violation[] = []
  const { valid, reason } = seen.chain
  if (!valid) problems.push(violate('broken chain', 'audit', reason ?? 'without a reason'))

  const decisions = seen.issues.flatMap((issue) => issue.decisions)
  const recorded = countEach(seen.recordedDecisions)
  for (const { id } of decisions) {
    const entries = recorded.get(id) ?? 0
    if (entries === 0) problems.push(violate('lost audit entry', id, 'the decision has no entry'))
    if (entries > 1) problems.push(violate('doubled audit entry', id, `the decision has ${entries} entries`))
  }

  const { before, after } = seen.analytics
  const reviews = decisions.filter(({ review }) => review !== null).length
  const expected = { decisions: decisions.length, reviewed: reviews }
  for (const name of ['decisions', 'reviewed'] as const) {
    const counted = after[name] - before[name]
    if (counted === expected[name]) continue
    problems.push(violate('analytics', name, `counted ${counted}, stored ${expected[name]}`))
  }

  for (const digest of seen.publishedPolicies) {
    if (!seen.deployedPolicies.includes(digest)) problems.push(violate('lost policy', digest, 'was published'))
  }
  return problems
}

function countEach(items: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
