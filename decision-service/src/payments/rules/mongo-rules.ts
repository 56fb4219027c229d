import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Collection, MongoClient } from 'mongodb'
import { type BusinessRule, RULES_MAX } from './business-rule.ts'
import type { Rules } from './ports.ts'

export type RuleDocument = Omit<BusinessRule, 'id'> & { _id: string }
export type RuleCollections = Readonly<{ rules: Collection<RuleDocument> }>

/** Of two that are written at the same moment, both may find room for the last rule: a few more are read as well. */
const READ_MAX = RULES_MAX + 50

type Dependencies = Readonly<{ mongo: MongoClient; collections: RuleCollections; outbox: Outbox }>

/** Reads all rules, by id. */
export function createReadRules({ rules }: RuleCollections): Rules['all'] {
  return async () => (await rules.find({}).sort({ _id: 1 }).limit(READ_MAX).toArray()).map(toRule)
}

/** Business rules in MongoDB. A rule and the event of its change share one transaction. */
export function createMongoRules({ mongo, collections, outbox }: Dependencies): Rules {
  const { rules } = collections
  return {
    all: createReadRules(collections),
    transact: (work) =>
      inTransaction(mongo, (session) =>
        work({
          async find(id) {
            const found = await rules.findOne({ _id: id }, { session })
            return found && toRule(found)
          },
          async count() {
            const found = await rules
              .find({}, { session, projection: { _id: 1 } })
              .sort({ _id: 1 })
              .limit(READ_MAX)
            return (await found.toArray()).length
          },
          async put({ id, ...rule }) {
            await rules.updateOne({ _id: id }, { $set: rule }, { session, upsert: rule.version === 1 })
          },
          addEvents: (events) => outbox.add(events, session),
        }),
      ),
  }
}

function toRule({ _id, ...rest }: RuleDocument): BusinessRule {
  return { id: _id, ...rest }
}
