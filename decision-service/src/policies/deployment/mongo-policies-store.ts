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
      inTransaction(mongo, (session) => work(createPoliciesTransaction(collections, outbox, session))),
  }
}

function createPoliciesTransaction(
  { heads, versions, deployments, trials }: PolicyCollections,
  outbox: Outbox,
  session: ClientSession,
): PoliciesTransaction {
  return {
    async findHead(skill) {
      const found = await heads.findOne({ _id: skill }, { session })
      return found && toHead(found)
    },
    async saveHead({ skill, ...rest }) {
      await heads.updateOne({ _id: skill }, { $set: rest }, { session, upsert: true })
    },
    async findPolicy(digest) {
      const found = await versions.findOne({ _id: digest }, { session })
      return found && toRecordedPolicy(found)
    },
    async addPolicy({ digest, ...rest }) {
      await versions.insertOne({ _id: digest, ...rest }, { session })
    },
    async deploymentsOf(skill) {
      const found = deployments.find({ skill }, { session }).sort(LATEST_FIRST).limit(DEPLOYMENTS_MAX)
      return (await found.toArray()).map(toDeployment)
    },
    async addDeployment(deployment) {
      const _id = `${deployment.skill}@${deployment.number}`
      await deployments.insertOne({ _id, ...deployment }, { session })
    },
    async findTrial(skill) {
      const found = await trials.findOne({ _id: skill }, { session })
      return found && toTrial(found)
    },
    async saveTrial({ skill, ...rest }) {
      await trials.updateOne({ _id: skill }, { $set: rest }, { session, upsert: true })
    },
    async removeTrial(skill) {
      await trials.deleteOne({ _id: skill }, { session })
    },
    tell: (events) => outbox.add(events, session),
  }
}
