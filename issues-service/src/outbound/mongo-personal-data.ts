import {
  createDataKey,
  decryptField,
  encryptField,
  type MasterKey,
  unwrapDataKey,
  wrapDataKey,
} from '@redress/shared/stores/encryption.ts'
import type { PersonalData } from '../domain/customer.ts'
import type { PersonalDataStore } from '../use-cases/ports.ts'
import type { Collections } from './collections.ts'

/** Decrypts the personal data of customers. Each customer has a data key. */
export function createMongoPersonalData({ customers, dataKeys }: Collections, master: MasterKey): PersonalDataStore {
  return {
    async find(customerIds) {
      const ids = { _id: { $in: [...customerIds] } }
      const sealed = await customers.find(ids, { projection: { emailSealed: 1, nameSealed: 1 } }).toArray()
      const wrapped = new Map((await dataKeys.find(ids).toArray()).map((one) => [one._id, one.wrapped]))
      return new Map(
        sealed.flatMap(({ _id, emailSealed, nameSealed }) => {
          const key = wrapped.get(_id)
          if (key === undefined) return [] // Erased: the fields cannot be decrypted without their key.
          const dataKey = unwrapDataKey(key, master, _id)
          return [
            [
              _id,
              {
                email: decryptField(emailSealed, dataKey, `${_id}:email`),
                name: decryptField(nameSealed, dataKey, `${_id}:name`),
              },
            ],
          ]
        }),
      )
    },
  }
}

/** A new data key for a customer, and the personal data encrypted with it. */
export function sealPersonalData(customerId: string, { email, name }: PersonalData, master: MasterKey) {
  const dataKey = createDataKey()
  return {
    wrapped: wrapDataKey(dataKey, master, customerId),
    emailSealed: encryptField(email, dataKey, `${customerId}:email`),
    nameSealed: encryptField(name, dataKey, `${customerId}:name`),
  }
}
