import { type } from 'arktype'
import type { Redis } from '../../stores/redis.ts'
import { DomainEvent, type StreamName } from '../envelope.ts'
import { stateKey, toEntryId, toSequence } from './event-stream.ts'
import type { Position } from './log-entry.ts'

const BATCH = 500
const BLOCK_MS = 2_000

/** An entry as a consumer gets it; `event` is null where the text is not an event. */
export type Delivery = Readonly<{
  stream: StreamName
  epoch: string
  sequence: number
  text: string
  event: DomainEvent | null
}>

export type StreamState = Readonly<{ epoch: string; oldest: number }>

export type StreamReader = Readonly<{
  /** Waits up to BLOCK_MS for entries behind the positions; oldest first for each stream. */
  read: (positions: ReadonlyMap<StreamName, Position>) => Promise<readonly Delivery[]>
  /** Null where the stream is lost, and not filled again yet. */
  readState: (stream: StreamName) => Promise<StreamState | null>
}>

/** Reads streams from given positions. `blocking` is a connection of its own, because it blocks while it waits. */
export function createStreamReader({ redis, blocking }: Readonly<{ redis: Redis; blocking: Redis }>): StreamReader {
  return {
    async read(positions) {
      const wanted = [...positions].map(([key, { sequence }]) => ({ key, id: toEntryId(sequence) }))
      const reply = await blocking.xRead(wanted, { COUNT: BATCH, BLOCK: BLOCK_MS })
      const read = (reply ?? []) as unknown as readonly { name: StreamName; messages: readonly RawEntry[] }[]
      return read.flatMap(({ name, messages }) => messages.map((entry) => toDelivery(name, entry)))
    },
    async readState(stream) {
      const { epoch, oldest } = await redis.hGetAll(stateKey(stream))
      return epoch === undefined ? null : { epoch, oldest: Number(oldest) }
    },
  }
}

type RawEntry = Readonly<{ id: string; message: Readonly<Record<string, string>> }>

function toDelivery(stream: StreamName, { id, message }: RawEntry): Delivery {
  const text = message.event ?? ''
  return { stream, epoch: message.epoch ?? '', sequence: toSequence(id), text, event: toEvent(text) }
}

export function toEvent(text: string): DomainEvent | null {
  try {
    const event = DomainEvent(JSON.parse(text))
    return event instanceof type.errors ? null : event
  } catch {
    return null
  }
}
