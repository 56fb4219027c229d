import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, MongoClient } from 'mongodb'
import { digestOf, type Problems, refusedAlert } from './skills-refusal.ts'

/** The state of the folder of skills that was refused last. `number` counts the alerts, so that each has an id of its own. */
export type RefusalDocument = Readonly<{ _id: string; digest: string; number: number; open: boolean }>
export type RefusalCollections = Readonly<{ policyRefusals: Collection<RefusalDocument> }>

const FOLDER = 'skills'

type Dependencies = Readonly<{ mongo: MongoClient; collections: RefusalCollections; outbox: Outbox; now: () => Date }>

/** Raises an alert for a refused edit: one for all processes while it stands, and another one if it comes again. */
export function createMongoRefusals({ mongo, collections: { policyRefusals }, outbox, now }: Dependencies) {
  return {
    async raise(problems: Problems): Promise<void> {
      const digest = digestOf(problems)
      await inTransaction(mongo, async (session) => {
        const last = await policyRefusals.findOne({ _id: FOLDER }, { session })
        if (last?.open && last.digest === digest) return
        const number = (last?.number ?? 0) + 1
        const fields = { digest, number, open: true }
        await policyRefusals.updateOne({ _id: FOLDER }, { $set: fields }, { session, upsert: true })
        await outbox.add([refusedAlert(problems, { number, now: now() })], session)
      })
      outbox.wake()
    },
    /** The folder is good again. */
    async close(): Promise<void> {
      await policyRefusals.updateOne({ _id: FOLDER, open: true }, { $set: { open: false } })
    },
  }
}
