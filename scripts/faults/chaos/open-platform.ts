import { STREAMS } from '@redress/shared/events/envelope.ts'
import { openOutbox } from '@redress/shared/service/open-outbox.ts'
import { openService, type ServiceConfig } from '@redress/shared/service/open-service.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { COLLECTIONS } from '../../../decision-service/src/collections.ts'
import { openQueues } from '../../../decision-service/src/jobs/frame/open-queues.ts'
import type { QueueName } from '../../../decision-service/src/jobs/frame/queues.ts'
import { CHAOS_TYPES } from '../../../decision-service/test/chaos-jobs.ts'

type Config = ServiceConfig & Readonly<{ queues: Readonly<{ urls: Readonly<Record<QueueName, string>> }> }>

/** The stores of a process of the chaos run, opened as those of the decision service are, with the types of the run. */
export async function openPlatform(name: string, config: Config) {
  const service = await openService(name, config)
  const collections = await openCollections(service.db, COLLECTIONS)
  const outbox = await openOutbox(service, STREAMS.decisions)
  const queues = openQueues(service, { ...config.queues, registry: CHAOS_TYPES })
  return { ...service, collections, outbox, queues }
}
