import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { ClientSession, MongoClient } from 'mongodb'
import {
  DEPLOYMENTS_MAX,
  LATEST_FIRST,
  type PolicyCollections,
  toDeployment,
  toHead,
  toRecordedPolicy,
  toTrial,
} from './policy-documents.ts'
import type { PoliciesStore, PoliciesTransaction } from './ports.ts'

type Dependencies = Readonly<{ mongo: MongoClient; collections: PolicyCollections; outbox: Outbox }>

/** Policies in MongoDB. Each act writes the head of its policy, so that of two at the same time one is made again. */
export function createMongoPoliciesStore({ mongo, collections, outbox }: Dependencies): PoliciesStore {
  return {
    transact: (work) =>
      inTransaction(mongo, (session) =>
        work({
          ...versionsIn(collections, session),
          ...trialsIn(collections, session),
          addEvents: (events) => outbox.add(events, session),
        }),
      ),
  }
}

type Versions = Omit<PoliciesTransaction, keyof Trials | 'addEvents'>
type Trials = Pick<PoliciesTransaction, 'findTrial' | 'saveTrial' | 'removeTrial'>

function versionsIn(collections: PolicyCollections, session: ClientSession): Versions {
  const { policyHeads, policyVersions, policyDeployments } = collections
  return {
    async findHead(skill) {
      const found = await policyHeads.findOne({ _id: skill }, { session })
      return found && toHead(found)
    },
    async saveHead({ skill, ...rest }) {
      await policyHeads.updateOne({ _id: skill }, { $set: rest }, { session, upsert: true })
    },
    async findPolicy(digest) {
      const found = await policyVersions.findOne({ _id: digest }, { session })
      return found && toRecordedPolicy(found)
    },
    async addPolicy({ digest, ...rest }) {
      await policyVersions.insertOne({ _id: digest, ...rest }, { session })
    },
    async deploymentsOf(skill) {
      const found = policyDeployments.find({ skill }, { session }).sort(LATEST_FIRST).limit(DEPLOYMENTS_MAX)
      return (await found.toArray()).map(toDeployment)
    },
    async addDeployment(deployment) {
      const _id = `${deployment.skill}@${deployment.number}`
      await policyDeployments.insertOne({ _id, ...deployment }, { session })
    },
  }
}

function trialsIn({ policyTrials }: PolicyCollections, session: ClientSession): Trials {
  return {
    async findTrial(skill) {
      const found = await policyTrials.findOne({ _id: skill }, { session })
      return found && toTrial(found)
    },
    async saveTrial({ skill, ...rest }) {
      await policyTrials.updateOne({ _id: skill }, { $set: rest }, { session, upsert: true })
    },
    async removeTrial(skill) {
      await policyTrials.deleteOne({ _id: skill }, { session })
    },
  }
}
