import { newEvent } from '@redress/shared/events/catalogue.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction, isDuplicateKey } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { MongoClient } from 'mongodb'
import type { JobData } from '../frame/registry.ts'
import type { Processor } from '../processors/processor.ts'

type Dependencies = Readonly<{ mongo: MongoClient; outbox: Outbox; now: Clock }>

/**
 * The processor of `archive-issues`: it asks the issues service, which owns the issues, for a run of the archive. The run
 * has the id of the job, so that a job which is processed twice asks for one.
 */
export function createAskForArchive({ mongo, outbox, now }: Dependencies): Processor<JobData<'archive-issues'>> {
  return async ({ olderThanDays, purgeAfterDays = null }, { jobId, actor, requestId }) => {
    const event = newEvent('archive.due', {
      ...{ id: `${jobId}-archive`, at: now(), entity: { type: 'Job', id: jobId } },
      cause: { ...causeOfService(actor), requestId },
      data: { olderThanDays, purgeAfterDays },
    })
    try {
      await inTransaction(mongo, (session) => outbox.add([event], session))
    } catch (error) {
      // An earlier attempt has asked, and its event is not published yet.
      if (!isDuplicateKey(error)) throw error
    }
    outbox.wake()
    return { archiveRun: jobId }
  }
}
