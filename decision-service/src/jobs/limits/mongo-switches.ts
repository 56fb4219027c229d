import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, MongoClient } from 'mongodb'
import type { ProviderSwitches } from './ports.ts'
import { openSwitch, type ProviderSwitch } from './provider-switch.ts'
import type { ProviderTarget } from './providers.ts'

/** One of a provider or operation that was never stopped or reset is not stored. */
export type SwitchDocument = Omit<ProviderSwitch, 'target'> & { _id: ProviderTarget }
export type SwitchCollections = Readonly<{ providerSwitches: Collection<SwitchDocument> }>

const DEADLINE_MS = 5_000
const READ_MAX = 1_000

type Dependencies = Readonly<{ mongo: MongoClient; collections: SwitchCollections; outbox: Outbox }>

/** Reads the switches that stop calls. All are read: there is at most one a target, and versions before may have had more. */
export function createReadStopped({ providerSwitches }: SwitchCollections): ProviderSwitches['stopped'] {
  return async () => {
    const found = await providerSwitches.find({}, { maxTimeMS: DEADLINE_MS }).sort({ _id: 1 }).limit(READ_MAX).toArray()
    return found.map(toSwitch).filter(({ stop }) => stop !== null)
  }
}

/** A switch and the events of its change share one transaction. */
export function createMongoSwitches({ mongo, collections, outbox }: Dependencies): ProviderSwitches {
  const { providerSwitches } = collections
  return {
    stopped: createReadStopped(collections),
    transact: (work) =>
      inTransaction(mongo, (session) =>
        work({
          async find(targets) {
            const found = await providerSwitches.find({ _id: { $in: [...targets] } }, { session }).toArray()
            const known = new Map(found.map((document) => [document._id, toSwitch(document)]))
            return targets.map((target) => known.get(target) ?? openSwitch(target))
          },
          async save(switches) {
            const updates = switches.map(({ target, ...rest }) => ({
              updateOne: { filter: { _id: target }, update: { $set: rest }, upsert: true },
            }))
            if (updates.length > 0) await providerSwitches.bulkWrite(updates, { session })
          },
          addEvents: (events) => outbox.add(events, session),
        }),
      ),
  }
}

function toSwitch({ _id, ...rest }: SwitchDocument): ProviderSwitch {
  return { target: _id, ...rest }
}
