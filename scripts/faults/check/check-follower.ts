import { POISON_PREFIX } from '../schedule/fault.ts'
import type { Followed, Observation } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** Each event once, and those of one issue in their order. */
export function checkFollower({ name, field, heard, problems }: Followed, seen: Observation): readonly Violation[] {
  const heardOf = Map.groupBy(heard, ({ issueId }) => issueId)
  const own = new Set(seen.acknowledged.values())
  const known = new Set([...own, ...seen.issues.map(({ id }) => id)])
  const foreign = [...heardOf.keys()].filter((id) => !known.has(id) && !id.startsWith(POISON_PREFIX))
  return [
    ...problems.map((problem) => violate('subscription', name, problem)),
    ...foreign.map((id) => violate('foreign event', name, `${id} is no issue of this run`)),
    ...seen.issues.flatMap((issue) => {
      const expected =
        field === 'decisionMade' ? issue.decisions.map(({ id }) => id) : issue.statusHistory.map(({ to }) => to)
      const got = (heardOf.get(issue.id) ?? []).map(({ what }) => what)
      return compare(`${name}, ${issue.id}`, expected, got)
    }),
  ]
}

function compare(subject: string, expected: readonly string[], got: readonly string[]): readonly Violation[] {
  if (expected.join() === got.join()) return []
  const detail = `expected ${expected.join(' ') || 'nothing'}, received ${got.join(' ') || 'nothing'}`
  const left = [...expected]
  const more = got.filter((what) => {
    const index = left.indexOf(what)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  })
  if (more.length > 0) return [violate('doubled event', subject, detail)]
  if (left.length === 0) return [violate('event order', subject, detail)]
  // A gap within what was received can never be filled in order.
  const isPrefix = got.every((what, index) => what === expected[index])
  return [violate(isPrefix ? 'lost event' : 'event order', subject, detail)]
}
