import { readEvent, UnreadableEventError } from '@redress/shared/events/catalogue.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { ClientSession } from 'mongodb'
import { type ArchiveRunChange, openRun, toLimits } from './archive-run.ts'

const TYPES = ['archive.due'] as const

const REASON = 'A job of the type archive-issues asked for it.'

type Dependencies = Readonly<{
  addRun: (change: ArchiveRunChange, session: ClientSession) => Promise<void>
  now: Clock
}>

/** Opens a run for each job that asks for one, with the id of the job, in the transaction that notes its event. */
export function createFollowArchiveJobs({ addRun, now }: Dependencies) {
  return {
    types: TYPES,
    async follow(events: readonly DomainEvent[], session: ClientSession): Promise<void> {
      for (const event of events) {
        const read = readEvent(TYPES, event)
        if (read === null) continue
        if (read instanceof UnreadableEventError) throw read
        const { actor, requestId, tenant } = event
        const at = now()
        const cause = { actor, requestId, ip: null, tenant }
        await addRun(
          openRun({ id: event.entity.id, limits: toLimits(read.data, at), reason: REASON, cause, now: at }),
          session,
        )
      }
    },
  }
}
