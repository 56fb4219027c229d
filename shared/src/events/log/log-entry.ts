import { hash } from 'node:crypto'

/** An event with its place in the log of its stream: 1, 2, 3 … without gaps, in the order of publication. */
export type LogEntry = Readonly<{ sequence: number; text: string }>

/**
 * Where a log ends. The epoch names one history of the log: it changes when the log's database was restored from an
 * older copy, so that equal sequences of two histories are never taken for the same event.
 */
export type LogHead = Readonly<{ epoch: string; sequence: number }>

/** `sealedAtMs` is when the log's last segment was sealed: it tells two histories of a log that end alike apart. */
export type SealedHead = LogHead & Readonly<{ sealedAtMs: number }>

/**
 * Where a stream or a reader of it stands; the epoch is null where nothing was published or read yet. A reader keeps the
 * digest of the entry too, where it has read one: it recognises another history of the log that has the same epoch.
 */
export type Position = Readonly<{ epoch: string | null; sequence: number; digest?: string | null }>

export const START: Position = { epoch: null, sequence: 0 }

const DIGEST_LENGTH = 12

export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_LENGTH)
}

export function isSamePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence
}
