import { createHash } from 'node:crypto'

/** Where among all texts one falls, 0 to below 1: spread evenly, and the same whoever asks and how often. */
export function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
}
