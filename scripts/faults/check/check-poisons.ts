import type { Poisoned } from '../load/journal.ts'
import type { PoisonedService } from '../schedule/fault.ts'
import type { Observation } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** The group that reads what the events of a service say. Audit records every event. */
const READER: Readonly<Record<PoisonedService, string>> = { issues: 'decisions', decisions: 'issues' }

/**
 * Each event that cannot be read is a dead letter of the groups that need it, on record where it is an event at all, and
 * neither is changed by a replay.
 */
export function checkPoisons(seen: Observation): readonly Violation[] {
  return [...checkTexts(seen), ...seen.poisons.flatMap((poison) => checkEvent(poison, seen))]
}

/** Texts that are no events cannot be told apart: only their number can be compared. */
function checkTexts({ poisons, deadLetters }: Observation): readonly Violation[] {
  return [...Object.values(READER), 'audit'].flatMap((group) => {
    const isRead = ({ service }: Poisoned) => group === 'audit' || READER[service] === group
    const texts = poisons.filter((one) => (one.kind === 'text' || one.kind === 'shape') && isRead(one))
    const most = texts.reduce((total, { tries }) => total + tries, 0)
    const count = deadLetters.filter((one) => one.group === group && one.entityId === null && one.isDead).length
    const detail = `${texts.length} texts that are no events are ${count} dead letters`
    if (count < texts.length) return [violate('lost dead letter', group, detail)]
    return count > most ? [violate('doubled dead letter', group, detail)] : []
  })
}

function checkEvent(poison: Poisoned, seen: Observation): readonly Violation[] {
  const { id, kind } = poison
  if (kind !== 'type' && kind !== 'data') return []
  const count = seen.poisonEntries[id] ?? 0
  const letters = checkLetters(poison, seen)
  if (count === 1) return letters
  const problem = count === 0 ? 'lost audit entry' : 'doubled audit entry'
  return [violate(problem, id, `has ${count} entries`), ...letters]
}

/** Only one group reads the data of an event; an event of an unknown type means nothing to it. */
function checkLetters({ id, kind, tries }: Poisoned, { deadLetters, isReplayed }: Observation): readonly Violation[] {
  const letters = deadLetters.filter(({ entityId }) => entityId === id)
  const [fewest, most] = kind === 'type' ? [0, 0] : [1, tries]
  if (letters.length > most) return [violate('doubled dead letter', id, `is set aside ${letters.length} times`)]
  if (letters.length < fewest) return [violate('lost dead letter', id, 'is not set aside')]
  const isWaiting = letters.some(({ isDead }) => !isDead)
  return isWaiting && !isReplayed ? [violate('lost dead letter', id, 'is still tried again')] : []
}
