import { setImmediate as othersHadATurn } from 'node:timers/promises'
import { ANSWERS_AT_ONCE_PER_GROUP_MAX, EVENTS_WAITING_MAX, WRITES_PER_TURN } from '../limits.ts'
import type { StreamEvent } from '../log/stream-event.ts'
import type { GraphqlRequest, PreparedSubscription } from '../prepared-subscription.ts'
import type { Answers } from './answers.ts'
import type { Interest } from './interest.ts'
import { type Deliver, isNews, type Subscriber } from './subscriber.ts'
import type { Validity } from './validity.ts'

type Queued = { event: StreamEvent; sequence: number; text: Promise<string> | null }

/** Subscribers that want the same events and get the same text for each. */
export type Group = {
  key: string
  readonly request: GraphqlRequest
  prepared: PreparedSubscription
  readonly interest: Interest
  readonly members: Set<Subscriber>
  readonly queue: Queued[]
  /** Settles when the queue is empty; null while it is. */
  delivering: Promise<void> | null
}

type Options = Readonly<{
  answers: Answers
  validity: Validity
  deliver: Deliver
  onDelivered: (event: StreamEvent, subscribers: number) => void
}>

export type FanOut = Readonly<{
  enqueue: (group: Group, event: StreamEvent, sequence: number) => void
  /** Undefined while more events can be taken at once. */
  untilFewWait: () => Promise<void> | undefined
}>

/** Works out each event once for a group and hands the text to all members: in order, and each event whole. */
export function createFanOut({ answers, validity, deliver, onDelivered }: Options): FanOut {
  let waiting = 0
  let fewWait: PromiseWithResolvers<void> | null = null

  const deliverAll = async (group: Group) => {
    for (let head = group.queue[0]; head !== undefined; head = group.queue[0]) {
      // Nothing is worked out for nobody.
      if (group.members.size > 0) {
        const [text] = await Promise.all([answerAhead(group, head), renewMembers(group)])
        await deliverToMembers(group, head, text)
      }
      group.queue.shift()
      waiting--
      if (waiting < EVENTS_WAITING_MAX / 2) fewWait?.resolve()
    }
    group.delivering = null
  }

  /** Later ones are begun too: the time of one answer is not the pace of the group. */
  const answerAhead = ({ queue, prepared }: Group, head: Queued): Promise<string> => {
    for (const queued of queue.slice(0, ANSWERS_AT_ONCE_PER_GROUP_MAX)) {
      queued.text ??= answers.answer(prepared, queued.event)
    }
    return head.text!
  }

  const renewMembers = async ({ members }: Group) => {
    const asked: Promise<void>[] = []
    for (const { caller } of members) {
      const renewal = validity.renew(caller)
      if (renewal !== null) asked.push(renewal)
    }
    await Promise.all(asked)
  }

  const deliverToMembers = async ({ members }: Group, { event, sequence }: Queued, text: string) => {
    let subscribers = 0
    let writes = 0
    for (const member of members) {
      if (!member.isOpen || !isNews(member, event, sequence)) continue
      if (deliver(member, event, text)) subscribers++
      if (++writes % WRITES_PER_TURN === 0) await othersHadATurn()
    }
    if (subscribers > 0) onDelivered(event, subscribers)
  }

  return {
    enqueue(group, event, sequence) {
      waiting++
      group.queue.push({ event, sequence, text: null })
      group.delivering ??= deliverAll(group)
    },
    untilFewWait() {
      if (waiting < EVENTS_WAITING_MAX) return undefined
      fewWait = Promise.withResolvers()
      return fewWait.promise
    },
  }
}
