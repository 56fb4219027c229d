import { randomUUID } from 'node:crypto'
import type { Redis } from '../stores/redis.ts'
import { type DomainEvent, parseEvent, type StreamName } from './envelope.ts'

const BATCH = 200
const BLOCK_MS = 2_000

/** One entry of a stream; `event` is null if its text is not an event. */
export type Message = Readonly<{ stream: string; id: string; event: DomainEvent | null; text: string }>

export type GroupMember = Readonly<{
  /** Creates the group if it is missing: on the first start, or after Redis was lost. */
  join: () => Promise<void>
  /** Waits up to BLOCK_MS for messages that no member has taken. */
  readNew: () => Promise<readonly Message[]>
  /** Messages that another member has not acknowledged for `idleMs`, oldest first. */
  takeOver: (idleMs: number) => Promise<readonly Message[]>
  /**
   * Counts one more delivery of a message and returns how many there were; Redis remembers it across crashes.
   * Null if it is no longer pending: another member finished it, or Redis was lost.
   */
  countDelivery: (message: Message) => Promise<number | null>
  acknowledge: (messages: readonly Message[]) => Promise<void>
  leave: () => Promise<void>
}>

type Options = Readonly<{ redis: Redis; reader: Redis; streams: readonly StreamName[]; group: string }>

/** One member of a consumer group on some streams. `reader` must be a connection of its own: it blocks while it waits. */
export function createGroupMember({ redis, reader, streams, group }: Options): GroupMember {
  const consumer = `${process.pid}-${randomUUID().slice(0, 8)}`
  const wanted = streams.map((stream) => ({ key: stream, id: '>' }))

  return {
    async join() {
      for (const stream of streams) await createGroup(redis, stream, group)
    },
    async readNew() {
      const reply = await reader.xReadGroup(group, consumer, wanted, { COUNT: BATCH, BLOCK: BLOCK_MS })
      const read = (reply ?? []) as unknown as readonly { name: string; messages: readonly RawMessage[] }[]
      return read.flatMap(({ name, messages }) => messages.map((message) => toMessage(name, message)))
    },
    async takeOver(idleMs) {
      const claimed = streams.map(async (stream) => {
        const { messages } = await redis.xAutoClaim(stream, group, consumer, idleMs, '0', { COUNT: BATCH })
        return messages.flatMap((message) => (message === null ? [] : [toMessage(stream, message)]))
      })
      return (await Promise.all(claimed)).flat()
    },
    countDelivery: (message) => countDelivery(redis, { group, consumer }, message),
    async acknowledge(messages) {
      for (const stream of streams) {
        const ids = messages.filter((message) => message.stream === stream).map(({ id }) => id)
        if (ids.length > 0) await redis.xAck(stream, group, ids)
      }
    },
    async leave() {
      for (const stream of streams) {
        // A member with unfinished messages stays listed, so that others can take them over.
        const [pending] = await redis.xPendingRange(stream, group, '-', '+', 1, { consumer })
        if (pending === undefined) await redis.xGroupDelConsumer(stream, group, consumer)
      }
    },
  }
}

async function countDelivery(
  redis: Redis,
  { group, consumer }: Readonly<{ group: string; consumer: string }>,
  { stream, id }: Message,
): Promise<number | null> {
  try {
    await redis.xClaim(stream, group, consumer, 0, id)
    const [pending] = await redis.xPendingRange(stream, group, id, id, 1)
    return pending?.deliveriesCounter ?? null
  } catch (error) {
    if (String(error).includes('NOGROUP')) return null
    throw error
  }
}

async function createGroup(redis: Redis, stream: StreamName, group: string): Promise<void> {
  try {
    await redis.xGroupCreate(stream, group, '0', { MKSTREAM: true })
  } catch (error) {
    if (!String(error).includes('BUSYGROUP')) throw error
  }
}

type RawMessage = { id: string; message: Record<string, string> }

function toMessage(stream: string, { id, message }: RawMessage): Message {
  const text = message.event ?? ''
  return { stream, id, text, event: parseEvent(text) }
}
