import { DEFAULT_TENANT } from '../../access/tenant.ts'
import type { CollectionDefinition } from '../collections.ts'
import { type Migration, walkCollection } from './migration.ts'

type OfTenant = { _id: string; tenant?: string }

/** Gives the documents of a collection that are older than tenants to the default tenant. */
export function giveTenant({ name }: Pick<CollectionDefinition, 'name'>): Migration {
  return walkCollection<OfTenant>({
    id: `give-tenant-${name.replaceAll('_', '-')}`,
    description: `Gives all ${name.replaceAll('_', ' ')} that are older than tenants to the default tenant.`,
    collection: name,
    change: (documents) =>
      documents
        .filter(({ tenant }) => tenant === undefined)
        .map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $set: { tenant: DEFAULT_TENANT } } } })),
  })
}
