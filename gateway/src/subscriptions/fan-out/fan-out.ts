import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { ANSWERS_AT_ONCE_PER_GROUP_MAX, EVENTS_WAITING_MAX, WRITES_PER_TURN } from '../limits.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { Answers } from './answers.ts'
import { type Deliver, isUndelivered } from './delivery.ts'
import type { Group, QueuedEvent } from './subscriber.ts'
import type { Validity } from './validity.ts'

type Options = Readonly<{
  answers: Answers
  validity: Validity
  deliver: Deliver
  onDelivered: (event: StreamEvent, subscribers: number) => void
}>

export type FanOut = Readonly<{
  enqueue: (group: Group, event: StreamEvent, sequence: number) => void
  /** Undefined if more events can be accepted now; otherwise resolves when they can. */
  untilFewWait: () => Promise<void> | undefined
}>

/** Computes the answer to each event once per group and sends it to all members, in the order of the events. */
export function createFanOut({ answers, validity, deliver, onDelivered }: Options): FanOut {
  const backlog = createBacklog()

  const deliverAll = async (group: Group) => {
    for (let head = group.queue[0]; head !== undefined; head = group.queue[0]) {
      // No answer is computed for an empty group.
      if (group.members.size > 0) {
        const [text] = await Promise.all([answerAhead(answers, group, head), renewMembers(validity, group)])
        const subscribers = await deliverToMembers(deliver, group, head, text)
        if (subscribers > 0) onDelivered(head.event, subscribers)
      }
      group.queue.shift()
      backlog.remove()
    }
    group.delivering = null
  }

  return {
    enqueue(group, event, sequence) {
      backlog.add()
      group.queue.push({ event, sequence, text: null })
      group.delivering ??= deliverAll(group)
    },
    untilFewWait: backlog.untilFew,
  }
}

/** Counts the events that wait in all groups together. */
function createBacklog() {
  let waiting = 0
  let few: PromiseWithResolvers<void> | null = null
  return {
    add() {
      waiting++
    },
    remove() {
      waiting--
      if (waiting < EVENTS_WAITING_MAX / 2) few?.resolve()
    },
    untilFew() {
      if (waiting < EVENTS_WAITING_MAX) return undefined
      few = Promise.withResolvers()
      return few.promise
    },
  }
}

/** Starts the answers to the next events too, so that the time of one answer does not limit the rate of the group. */
function answerAhead(answers: Answers, { queue, prepared }: Group, head: QueuedEvent): Promise<string> {
  for (const queued of queue.slice(0, ANSWERS_AT_ONCE_PER_GROUP_MAX)) {
    queued.text ??= answers.answer(prepared, queued.event)
  }
  return head.text!
}

async function renewMembers(validity: Validity, { members }: Group): Promise<void> {
  const asked: Promise<void>[] = []
  for (const { caller } of members) {
    const renewal = validity.renew(caller)
    if (renewal !== null) asked.push(renewal)
  }
  await Promise.all(asked)
}

/** Returns the number of members that the event was sent to. */
async function deliverToMembers(deliver: Deliver, { members }: Group, { event, sequence }: QueuedEvent, text: string) {
  let subscribers = 0
  let writes = 0
  for (const member of members) {
    if (!member.isOpen || !isUndelivered(member, event, sequence)) continue
    if (deliver(member, event, text)) subscribers++
    if (++writes % WRITES_PER_TURN === 0) await yieldToOthers()
  }
  return subscribers
}
