import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { CreateId, EventLog } from '../domain/ports.ts'
import type { PersonalData } from './customer.ts'
import type { PersonalDataStore, PersonalFieldsOf } from './ports.ts'

/**
 * Reads personal data of customers. The event that records the access, with the fields, is stored before the data is
 * returned.
 */
export type ReadPersonalData = (
  wanted: PersonalFieldsOf,
  cause: Cause,
) => Promise<ReadonlyMap<string, Partial<PersonalData>>>

type Dependencies = Readonly<{ personalData: PersonalDataStore; events: EventLog; createId: CreateId; now: Clock }>

export function createReadPersonalData({ personalData, events, createId, now }: Dependencies): ReadPersonalData {
  return async (wanted, cause) => {
    const found = await personalData.find(wanted)
    const at = now()
    await events.record(
      [...found.keys()].map((id) => {
        const entity = { type: 'Customer', id } as const
        const data = { fields: [...wanted.get(id)!].sort() }
        return newEvent('customer.pii_read', { id: `${id}-pii-${createId()}`, at, cause, entity, data })
      }),
    )
    return found
  }
}
