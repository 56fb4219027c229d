import type { Db, MongoClient } from 'mongodb'
import { ACTORS } from '../../access/actors.ts'
import { inTransaction } from '../../stores/mongo.ts'
import { alertEvent } from '../alert.ts'
import type { StreamName } from '../envelope.ts'
import type { GroupDocument } from '../event-collections.ts'
import { createOutbox } from '../outbox.ts'
import { findGone } from './group-positions.ts'

type Options = Readonly<{ mongo: MongoClient; db: Db; stream: StreamName; goneAfterMs: number }>

/**
 * Raises an alert for each group of a stream that has not reported for longer than `goneAfterMs`: until it comes back, its
 * events are kept. The alert's id names the absence, so that another leader that raises it adds nothing.
 */
export function createReportAbsence({ mongo, db, stream, goneAfterMs }: Options) {
  const outbox = createOutbox(db, () => undefined)
  const raised = new Set<string>()

  return async (now: Date): Promise<void> => {
    const gone = await findGone(db, stream, new Date(now.getTime() - goneAfterMs))
    const alerts = gone.map((group) => toAlert(stream, group, now)).filter(({ id }) => !raised.has(id))
    if (alerts.length === 0) return
    await inTransaction(mongo, (session) => outbox.add(alerts, session))
    for (const { id } of alerts) raised.add(id)
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
      cause: { actor: ACTORS.events, requestId: null, ip: null },
    },
    now,
  )
}
