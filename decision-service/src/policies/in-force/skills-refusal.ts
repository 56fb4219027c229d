import { createHash } from 'node:crypto'
import { ACTORS } from '@redress/shared/access/actors.ts'
import { causeOfService, type DomainEvent } from '@redress/shared/events/envelope.ts'
import { alertEvent } from '../../../../shared/src/events/alert.ts'

const ID_LENGTH = 32
const MESSAGE_LENGTH_MAX = 500

export type Problems = readonly Readonly<{ file: string; problem: string }>[]

/** The same for the same problems. */
export function digestOf(problems: Problems): string {
  return createHash('sha256').update(JSON.stringify(problems)).digest('hex').slice(0, ID_LENGTH)
}

/** A broken edit needs a person's eye. `number` tells apart the alerts of the same problems at different times. */
export function refusedAlert(
  problems: Problems,
  { number, now }: Readonly<{ number: number; now: Date }>,
): DomainEvent {
  const [first] = problems
  const more = problems.length > 1 ? ` and ${problems.length - 1} more` : ''
  const reason = `${first?.file ?? '.'} ${first?.problem ?? ''}`.slice(0, MESSAGE_LENGTH_MAX)
  return alertEvent(
    {
      id: `policy-${digestOf(problems)}-${number}`,
      type: 'POLICY_REFUSED',
      severity: 'WARNING',
      message: `An edit of a policy was refused, the last good version stays in force: ${reason}${more}.`,
      entity: { type: 'SkillsFolder', id: first?.file ?? '.' },
      cause: causeOfService(ACTORS.skills),
    },
    now,
  )
}
