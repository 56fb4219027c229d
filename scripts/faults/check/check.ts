import { checkFollower } from './check-follower.ts'
import { checkIssue } from './check-issue.ts'
import { checkPoisons } from './check-poisons.ts'
import { checkRecords } from './check-records.ts'
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
      return checkIssue(issue, seen)
    }),
    ...checkRecords(seen),
    ...checkPoisons(seen),
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
