import { DEFAULT_TENANT, sameTenant } from '@redress/shared/access/tenant.ts'
import type { MasterKeys } from '@redress/shared/stores/encryption.ts'
import { DAY_MS } from '@redress/shared/time.ts'
import { sealPersonalData } from '../customers/mongo-personal-data.ts'
import type { BlindIndex } from '../customers/ports.ts'
import type { Collections } from '../stores/collections.ts'
import type { Seed } from './seed.ts'

const OWNED = sameTenant(DEFAULT_TENANT)

/** Adds the documents that are missing; existing ones stay as they are. */
export function createMongoSeeding(
  { customers, dataKeys, transactions }: Collections,
  { master, blindIndex }: Readonly<{ master: MasterKeys; blindIndex: BlindIndex }>,
): Seed {
  return async (sample, now) => {
    const daysAgo = (days: number) => new Date(now.getTime() - days * DAY_MS)

    for (const { id, riskScore, createdDaysAgo, ...personal } of sample.customers) {
      if ((await customers.findOne({ _id: id })) !== null) continue
      const { wrapped, sealed } = sealPersonalData(id, { ...personal, paymentMethods: [] }, master)
      // The key first: after a crash in between there is no customer, and the next run writes both again.
      await dataKeys.updateOne({ _id: id }, { $set: { wrapped } }, { upsert: true })
      const emailIndex = blindIndex.ofEmail(personal.email)
      const createdAt = daysAgo(createdDaysAgo)
      await customers.insertOne({ _id: id, ...OWNED, riskScore, createdAt, ...sealed, emailIndex })
    }
    await transactions.bulkWrite(
      sample.transactions.map(({ id, createdDaysAgo, shipping, ...given }) => ({
        updateOne: {
          filter: { _id: id },
          update: {
            $setOnInsert: {
              ...given,
              ...OWNED,
              shipping: shipping && {
                status: shipping.status,
                deliveredAt: shipping.deliveredDaysAgo === null ? null : daysAgo(shipping.deliveredDaysAgo),
              },
              createdAt: daysAgo(createdDaysAgo),
            },
          },
          upsert: true,
        },
      })),
    )
  }
}
