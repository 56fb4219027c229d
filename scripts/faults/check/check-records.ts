import type { Observation } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** Checks the records of the whole run: the chain, the audit entries, analytics, policies. */
export function checkRecords(seen: Observation): readonly Violation[] {
  const { valid, reason } = seen.chain
  return [
    ...(valid ? [] : [violate('broken chain', 'audit', reason ?? 'without a reason')]),
    ...checkDecisionEntries(seen),
    ...checkPolicies(seen),
    ...checkAnalytics(seen),
  ]
}

/** Each decision and each review has one entry. */
function checkDecisionEntries({ issues, recorded }: Observation): readonly Violation[] {
  const decisions = issues.flatMap((issue) => issue.decisions)
  const reviewed = decisions.filter(({ review }) => review !== null)
  const entriesOf = (action: 'decision.made' | 'decision.reviewed') => recorded[action].map(({ entityId }) => entityId)
  return [
    ...compareEntries('the decision', decisions, entriesOf('decision.made')),
    ...compareEntries('the review', reviewed, entriesOf('decision.reviewed')),
  ]
}

function compareEntries(
  what: string,
  expected: readonly Readonly<{ id: string }>[],
  entries: readonly string[],
): readonly Violation[] {
  const counts = countEach(entries)
  return expected.flatMap(({ id }) => {
    const count = counts.get(id) ?? 0
    if (count === 1) return []
    return [violate(count === 0 ? 'lost audit entry' : 'doubled audit entry', id, `${what} has ${count} entries`)]
  })
}

/** Each published version was deployed, and each of its deployments has one entry. */
function checkPolicies({ publishedPolicies, deployedPolicies, recorded }: Observation): readonly Violation[] {
  const deployed = countEach(deployedPolicies)
  const entries = countEach(recorded['policy.published'].flatMap(({ digest }) => digest ?? []))
  return [...new Set(publishedPolicies)].flatMap((digest) => {
    const [count, recordedCount] = [deployed.get(digest) ?? 0, entries.get(digest) ?? 0]
    if (count === 0) return [violate('lost policy', digest, 'was published')]
    if (recordedCount === count) return []
    const kind = recordedCount < count ? 'lost audit entry' : 'doubled audit entry'
    return [violate(kind, digest, `${count} deployments have ${recordedCount} entries`)]
  })
}

function checkAnalytics({ issues, analytics: { before, after } }: Observation): readonly Violation[] {
  const decisions = issues.flatMap((issue) => issue.decisions)
  const reviews = decisions.filter(({ review }) => review !== null)
  const expected = { decisions: decisions.length, reviewed: reviews.length }
  return (['decisions', 'reviewed'] as const).flatMap((name) => {
    const counted = after[name] - before[name]
    return counted === expected[name]
      ? []
      : [violate('analytics', name, `counted ${counted}, stored ${expected[name]}`)]
  })
}

function countEach(items: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
