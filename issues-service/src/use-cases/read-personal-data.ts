import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { PersonalData } from '../domain/customer.ts'
import type { CreateId, EventLog, PersonalDataStore } from './ports.ts'

/** Reads who customers are. That it was read, and by whom, is on record before the data is handed out. */
export type ReadPersonalData = (
  customerIds: readonly string[],
  cause: Cause,
) => Promise<ReadonlyMap<string, PersonalData>>

type Dependencies = Readonly<{ personalData: PersonalDataStore; events: EventLog; createId: CreateId; now: Clock }>

export function createReadPersonalData({ personalData, events, createId, now }: Dependencies): ReadPersonalData {
  return async (customerIds, cause) => {
    const found = await personalData.find(customerIds)
    const at = now().toISOString()
    await events.record(
      [...found.keys()].map((id) => ({
        ...cause,
        id: `${id}-pii-${createId()}`,
        type: 'customer.pii_read',
        at,
        entity: { type: 'Customer', id },
        changes: {},
        data: {},
      })),
    )
    return found
  }
}
