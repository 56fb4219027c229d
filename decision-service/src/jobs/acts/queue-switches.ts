import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { Collection, MongoClient } from 'mongodb'
import type { Queues } from '../frame/open-queues.ts'
import type { QueueName } from '../frame/queues.ts'
import { queueActEvent, toAct } from './act-events.ts'
import { findPaused, restorePause } from './pause-watch.ts'
import type { SwitchDocument } from './switch-document.ts'

type Command = Readonly<{ name: QueueName; reason: string; cause: Cause }>

export type QueueSwitches = Readonly<{
  /** Jobs that run go on, those that wait stay, and new ones wait. A repeat changes nothing. */
  pause(command: Command): Promise<void>
  resume(command: Command): Promise<void>
  /** Pauses queues again whose Redis has forgotten it. @returns which. */
  restore(): Promise<readonly QueueName[]>
}>

type Dependencies = Readonly<{
  collection: Collection<SwitchDocument>
  queues: Queues
  mongo: MongoClient
  outbox: Outbox
  now: Clock
}>

/** Pauses of queues. They are in MongoDB as well, so that a Redis that has lost everything does not resume its queues. */
export function createQueueSwitches({ collection, queues, mongo, outbox, now }: Dependencies): QueueSwitches {
  const turn = async ({ name, reason, cause }: Command, paused: boolean): Promise<void> => {
    const act = toAct(reason, cause, now())
    await inTransaction(mongo, async (session) => {
      const before = await collection.findOne({ _id: name }, { session })
      if ((before?.paused ?? false) === paused) return
      const after = { paused, reason: act.reason, actor: cause.actor, updatedAt: act.at }
      await collection.updateOne({ _id: name }, { $set: after }, { session, upsert: true })
      const type = paused ? 'queue.paused' : 'queue.resumed'
      await outbox.add([queueActEvent(type, name, { paused: [!paused, paused] }, act)], session)
    })
    outbox.wake()
    await queues[name].use((queue) => (paused ? queue.pause() : queue.resume()))
  }
  return {
    pause: (command) => turn(command, true),
    resume: (command) => turn(command, false),
    async restore() {
      const restore = async ({ _id: name }: SwitchDocument) =>
        (await restorePause(queues[name], collection)).wasForgotten ? [name] : []
      // A queue whose Redis is away runs nothing, and is paused once that is back.
      const restored = await Promise.all((await findPaused(collection)).map((one) => restore(one).catch(() => [])))
      return restored.flat()
    },
  }
}
