import type { Logger } from '../../process/logger.ts'
import type { Redis } from '../../stores/redis.ts'
import { type DomainEvent, parseEvent, type StreamName } from '../envelope.ts'
import { createBlockingReader, type RawEntry } from './blocking-reader.ts'
import { createEventStream, stateKey, toEntryId, toSequence } from './event-stream.ts'
import type { Position } from './log-entry.ts'

const BATCH = 500

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
  /** Waits up to two seconds for entries behind the positions; oldest first for each stream. */
  read: (positions: ReadonlyMap<StreamName, Position>) => Promise<readonly Delivery[]>
  /** Closes its connection for good. */
  close: () => void
  /** Null where the stream is lost, and not filled again yet. */
  readState: (stream: StreamName) => Promise<StreamState | null>
  /** The text of one entry; null where the stream has none of this sequence. */
  readText: (stream: StreamName, sequence: number) => Promise<string | null>
}>

/** Reads streams from given positions. */
export function createStreamReader({ redis, logger }: Readonly<{ redis: Redis; logger: Logger }>): StreamReader {
  const reader = createBlockingReader({ redis, logger })
  return {
    close: reader.close,
    async read(positions) {
      const wanted = [...positions].map(([key, { sequence }]) => ({ key, id: toEntryId(sequence) }))
      const read = await reader.read(wanted, BATCH)
      return read.flatMap(({ name, messages }) => messages.map((entry) => toDelivery(name, entry)))
    },
    async readState(stream) {
      const { epoch, oldest } = await redis.hGetAll(stateKey(stream))
      return epoch === undefined ? null : { epoch, oldest: Number(oldest) }
    },
    readText: (stream, sequence) => createEventStream(redis, stream).readText(sequence),
  }
}

function toDelivery(stream: StreamName, { id, message }: RawEntry): Delivery {
  const text = message.event ?? ''
  return { stream, epoch: message.epoch ?? '', sequence: toSequence(id), text, event: parseEvent(text) }
}
