import { newEvent } from '@redress/shared/events/catalogue.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { CreateId, EventLog } from '../domain/ports.ts'
import type { PersonalData, PersonalField } from './customer.ts'
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

/** Records a search of customers by their e-mail address, with the ids of those that were found and without the address. */
export type RecordSearch = (found: readonly string[], cause: Cause) => Promise<void>

export function createReadPersonalData({ personalData, events, createId, now }: Dependencies) {
  const toRead = (id: string, fields: readonly PersonalField[], cause: Cause) =>
    newEvent('customer.pii_read', {
      ...{ id: `${id}-pii-${createId()}`, at: now(), cause, entity: { type: 'Customer', id } },
      data: { fields: [...fields].sort() },
    })
  const readPersonalData: ReadPersonalData = async (wanted, cause) => {
    const found = await personalData.find(wanted, cause.tenant)
    await events.record([...found.keys()].map((id) => toRead(id, [...wanted.get(id)!], cause)))
    return found
  }
  const recordSearch: RecordSearch = (found, cause) => {
    const search = newEvent('customers.searched', {
      ...{ id: `search-${createId()}`, at: now(), cause, entity: { type: 'Caller', id: cause.actor } },
      data: { by: 'email', found: [...found] },
    })
    // The search has read the address of each customer that it found.
    return events.record([search, ...found.map((id) => toRead(id, ['email'], cause))])
  }
  return { readPersonalData, recordSearch }
}
