import { createFollowActs } from '@redress/shared/events/dead-letters/follow-acts.ts'
import { CONSUMER_GROUPS } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Db, MongoClient } from 'mongodb'
import type { JobViews } from '../api/job-views.ts'
import type { Registry } from '../frame/job-definition.ts'
import type { Queues } from '../frame/open-queues.ts'
import type { Claims } from '../orders/claims.ts'
import type { ChangeOf } from '../processors/job-change.ts'
import type { JobRecords } from '../records/job-records.ts'
import { createActOnEvents } from './act-on-events.ts'
import { createActOnLetters } from './act-on-letters.ts'
import { createFindQueued } from './find-queued.ts'
import type { LetterCollection } from './letter-documents.ts'
import { createPageOfLetters } from './letter-pages.ts'
import { createLetterResolvers } from './letter-resolvers.ts'
import { createQueueAgain } from './queue-again.ts'
import { createReopenJobs } from './reopen-jobs.ts'

type Stores = Readonly<{
  records: Pick<JobRecords, 'retry'>
  claims: Claims
  deadLetters: LetterCollection
  views: Pick<JobViews, 'many'>
  queues: Queues
  registry: Registry
  mongo: MongoClient
  db: Db
  outbox: Outbox
  onChange: ChangeOf
  logger: Logger
  now: Clock
}>

/** The list of dead letters with the acts on it, and what queues retried jobs again. */
export function openDeadLetters(stores: Stores) {
  const { deadLetters, views } = stores
  const { queueAgain, recover } = createQueueAgain(stores)
  const reopen = createReopenJobs({ ...stores, queueAgain })
  const followActs = createFollowActs({ db: stores.db, group: CONSUMER_GROUPS.decisions })
  const actOnEvents = createActOnEvents({ ...stores, followActs })
  const acts = createActOnLetters({ ...stores, reopen, actOnEvents })
  const resolvers = createLetterResolvers({ pageOfLetters: createPageOfLetters(deadLetters), acts, views })
  return { resolvers, reopen, recover, findQueued: createFindQueued(deadLetters) }
}
