import type { Db, MongoClient } from 'mongodb'
import { ACTORS } from '../../access/actors.ts'
import { inTransaction } from '../../stores/mongo.ts'
import { alertEvent } from '../alert.ts'
import { causeOfService, type StreamName } from '../envelope.ts'
import type { GroupDocument } from '../event-collections.ts'
import { createOutbox } from '../outbox.ts'
import { findGone, markAlerted } from './group-positions.ts'

type Options = Readonly<{ mongo: MongoClient; db: Db; stream: StreamName; goneAfterMs: number }>

/**
 * Raises an alert for each group of a stream that has not reported for longer than `goneAfterMs`: until it comes back, its
 * events are kept. The absence is marked in the same transaction, so that no later leader raises the alert again.
 */
export function createReportAbsence({ mongo, db, stream, goneAfterMs }: Options) {
  const outbox = createOutbox(db, () => undefined)

  return async (now: Date): Promise<void> => {
    for (const group of await findGone(db, stream, new Date(now.getTime() - goneAfterMs))) {
      await inTransaction(mongo, async (session) => {
        if (await markAlerted(db, group, session)) await outbox.add([toAlert(stream, group, now)], session)
      })
    }
  }
}

function toAlert(stream: StreamName, { _id: group, reportedAt }: GroupDocument, now: Date) {
  return alertEvent(
    {
      id: `consumer_group_gone-${stream}-${group}-${reportedAt.getTime()}`,
      type: 'CONSUMER_GROUP_GONE',
      severity: 'CRITICAL',
      message: `The group ${group} has not read ${stream} since ${reportedAt.toISOString()}.`,
      entity: { type: 'ConsumerGroup', id: group },
      cause: causeOfService(ACTORS.events),
    },
    now,
  )
}
