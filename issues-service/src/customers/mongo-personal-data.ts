import { sameTenant } from '@redress/shared/access/tenant.ts'
import {
  createDataKey,
  decryptField,
  encryptField,
  type MasterKeys,
  unwrapDataKey,
  wrapDataKey,
} from '@redress/shared/stores/encryption.ts'
import type { ClientSession } from 'mongodb'
import type { Collections, CustomerDocument } from '../stores/collections.ts'
import type { PaymentMethod, PersonalData, PersonalField } from './customer.ts'
import type { PersonalDataStore } from './ports.ts'

/** Where a personal field is stored, and the place that its encryption is bound to. */
const SEALED = {
  email: { field: 'emailSealed', place: 'email' },
  name: { field: 'nameSealed', place: 'name' },
  paymentMethods: { field: 'methodsSealed', place: 'payment-methods' },
} as const satisfies Record<PersonalField, { field: keyof CustomerDocument; place: string }>

type SealedFields = Pick<CustomerDocument, (typeof SEALED)[PersonalField]['field']>

/** Decrypts the personal data of customers. Each customer has a data key. */
export function createMongoPersonalData({ customers, dataKeys }: Collections, master: MasterKeys): PersonalDataStore {
  return {
    async find(wanted, tenant) {
      const ids = { _id: { $in: [...wanted.keys()] } }
      const projection = Object.fromEntries(Object.values(SEALED).map(({ field }) => [field, 1]))
      const sealed = await customers.find({ ...ids, ...sameTenant(tenant) }, { projection }).toArray()
      const wrapped = new Map((await dataKeys.find(ids).toArray()).map((one) => [one._id, one.wrapped]))
      return new Map(
        sealed.flatMap((document) => {
          const { _id: id } = document
          const key = wrapped.get(id)
          if (key === undefined) return [] // Erased: the fields cannot be decrypted without their key.
          const dataKey = unwrapDataKey(key, master, id)
          const fields = [...wanted.get(id)!].map((field) => [field, openField(document, field, dataKey)] as const)
          return [[id, Object.fromEntries(fields) as Partial<PersonalData>] as const]
        }),
      )
    },
  }
}

/** The data key of a customer; null once it was destroyed. */
export async function findDataKey(
  { dataKeys }: Collections,
  { customerId, master, session }: Readonly<{ customerId: string; master: MasterKeys; session: ClientSession }>,
): Promise<Buffer | null> {
  const found = await dataKeys.findOne({ _id: customerId }, { session })
  return found && unwrapDataKey(found.wrapped, master, customerId)
}

/** All personal data of a customer. */
export function openPersonalData(document: CustomerDocument, dataKey: Buffer): PersonalData {
  return {
    email: openField(document, 'email', dataKey) as string,
    name: openField(document, 'name', dataKey) as string,
    paymentMethods: openField(document, 'paymentMethods', dataKey) as readonly PaymentMethod[],
  }
}

function openField(
  document: CustomerDocument,
  field: PersonalField,
  dataKey: Buffer,
): string | readonly PaymentMethod[] {
  const { field: stored, place } = SEALED[field]
  const text = document[stored]
  // Customers from before there were payment methods have none.
  const opened = text === undefined ? '[]' : decryptField(text, dataKey, `${document._id}:${place}`)
  return field === 'paymentMethods' ? (JSON.parse(opened) as readonly PaymentMethod[]) : opened
}

/** A new data key for a customer, and the personal data encrypted with it. */
export function sealPersonalData(customerId: string, personal: PersonalData, master: MasterKeys) {
  const dataKey = createDataKey()
  const wrapped = wrapDataKey(dataKey, master, customerId)
  return { wrapped, sealed: sealFields(customerId, personal, dataKey) as Required<SealedFields> }
}

/** The given personal fields, encrypted. */
export function sealFields(
  customerId: string,
  personal: Partial<PersonalData>,
  dataKey: Buffer,
): Partial<SealedFields> {
  return Object.fromEntries(
    Object.entries(personal).map(([name, value]) => {
      const { field, place } = SEALED[name as PersonalField]
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return [field, encryptField(text, dataKey, `${customerId}:${place}`)]
    }),
  )
}
