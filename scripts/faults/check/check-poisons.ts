import type { Poisoned } from '../load/journal.ts'
import type { Observation } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** The groups that read the stream that the poison is on. */
const GROUPS = ['decisions', 'audit']

/**
 * Each event that cannot be read is a dead letter of the groups that need it, on record where it is an event at all, and
 * neither is changed by a replay.
 */
export function checkPoisons(seen: Observation): readonly Violation[] {
  const isEvent = ({ kind }: Poisoned) => kind === 'type' || kind === 'risk-score'
  return [
    ...checkTexts(
      seen,
      seen.poisons.filter((poison) => !isEvent(poison)),
    ),
    ...seen.poisons.filter(isEvent).flatMap((poison) => [...checkEntry(poison, seen), ...checkLetters(poison, seen)]),
  ]
}

/** What is no event cannot be told apart: only its number can be compared. */
function checkTexts({ deadLetters }: Observation, texts: readonly Poisoned[]): readonly Violation[] {
  const most = texts.reduce((total, { tries }) => total + tries, 0)
  return GROUPS.flatMap((group) => {
    const count = deadLetters.filter((one) => one.group === group && one.entityId === null && one.isDead).length
    const detail = `${texts.length} texts that are no events are ${count} dead letters`
    if (count < texts.length) return [violate('lost dead letter', group, detail)]
    return count > most ? [violate('doubled dead letter', group, detail)] : []
  })
}

function checkEntry({ id, kind }: Poisoned, { recorded }: Observation): readonly Violation[] {
  const action = kind === 'type' ? 'issue.unheard_of' : 'issue.created'
  const count = recorded[action].filter(({ entityId }) => entityId === id).length
  if (count === 1) return []
  return [violate(count === 0 ? 'lost audit entry' : 'doubled audit entry', id, `has ${count} entries`)]
}

/** Only the group of decisions reads what an event of an issue says; one of an unknown type means nothing to it. */
function checkLetters({ id, kind, tries }: Poisoned, { deadLetters, isReplayed }: Observation): readonly Violation[] {
  const letters = deadLetters.filter(({ entityId }) => entityId === id)
  const [fewest, most] = kind === 'type' ? [0, 0] : [1, tries]
  if (letters.length > most) return [violate('doubled dead letter', id, `is set aside ${letters.length} times`)]
  if (letters.length < fewest) return [violate('lost dead letter', id, 'is not set aside')]
  const isWaiting = letters.some(({ isDead }) => !isDead)
  return isWaiting && !isReplayed ? [violate('lost dead letter', id, 'is still tried again')] : []
}
