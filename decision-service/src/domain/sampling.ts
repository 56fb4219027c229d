import { createHash } from 'node:crypto'

/** Maps a text to a number in [0, 1), evenly distributed and deterministic, so that all processes sample alike. */
export function placeOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE() / 2 ** 32
}
