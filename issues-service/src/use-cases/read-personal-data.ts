import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { PersonalData } from '../domain/customer.ts'
import type { CreateId, EventLog, PersonalDataStore } from './ports.ts'

/** Reads the personal data of customers. The event that records the access is stored before the data is returned. */
export type ReadPersonalData = (
  customerIds: readonly string[],
  cause: Cause,
) => Promise<ReadonlyMap<string, PersonalData>>

type Dependencies = Readonly<{ personalData: PersonalDataStore; events: EventLog; createId: CreateId; now: Clock }>

export function createReadPersonalData({ personalData, events, createId, now }: Dependencies): ReadPersonalData {
  return async (customerIds, cause) => {
    const found = await personalData.find(customerIds)
    const at = now()
    await events.record(
      [...found.keys()].map((id) => {
        const entity = { type: 'Customer', id } as const
        return newEvent('customer.pii_read', { id: `${id}-pii-${createId()}`, at, cause, entity, data: {} })
      }),
    )
    return found
  }
}
