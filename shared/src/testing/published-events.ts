import { type DomainEvent, PUBLISHED_STREAMS, type StreamName } from '../events/envelope.ts'
import { createEventStream, EMPTY, toEntryId } from '../events/log/event-stream.ts'
import type { Redis } from '../stores/redis.ts'

const EPOCH = 'test'

/** Makes all streams empty, as their relays do when they start on an empty Redis. */
export async function openStreams(redis: Redis, epoch = EPOCH): Promise<void> {
  for (const stream of PUBLISHED_STREAMS) await createEventStream(redis, stream).rebuild({ epoch, sequence: 0 }, 1)
}

/** Appends texts behind the last entry of a stream, as its relay does; gives the ids of their entries. */
export async function appendTexts(
  redis: Redis,
  stream: StreamName,
  texts: readonly string[],
  epoch = EPOCH,
): Promise<readonly string[]> {
  const eventStream = createEventStream(redis, stream)
  const found = await eventStream.append(EMPTY, epoch, [])
  if (found === null) throw new Error(`${stream} is not open.`)
  const { end } = found
  const entries = texts.map((text, index) => ({ sequence: end.sequence + 1 + index, text }))
  await eventStream.append(end, epoch, entries)
  return entries.map(({ sequence }) => toEntryId(sequence))
}

/** Publishes on one stream, which is emptied first, with sequences from 1 on. */
export async function createTestPublisher(redis: Redis, stream: StreamName, epoch = EPOCH) {
  await createEventStream(redis, stream).rebuild({ epoch, sequence: 0 }, 1)
  const publishTexts = (...texts: readonly string[]) => appendTexts(redis, stream, texts, epoch)
  return {
    publishTexts,
    publish: (...events: readonly DomainEvent[]) => publishTexts(...events.map((event) => JSON.stringify(event))),
  }
}
