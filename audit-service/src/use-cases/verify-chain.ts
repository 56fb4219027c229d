import { BadUserInputError } from '@redress/shared/errors.ts'
import { findBreak, GENESIS, type Head } from '../domain/chain.ts'
import type { ChainReader } from './ports.ts'

const PAGE = 500

export type Verification = Readonly<{
  valid: boolean
  entries: number
  firstSequence: number | null
  lastSequence: number | null
  firstBroken: number | null
  reason: string | null
  headHash: string | null
}>

type Range = Readonly<{
  fromSequence: number | null
  toSequence: number | null
  /** The hash that the last entry of the range must have, as a caller kept it. */
  expectHash: string | null
}>
/**
 * Recomputes every hash in a range. A sequence that was asked for and is not there makes the range invalid.
 * @throws BadUserInputError for a range that ends before it begins.
 */
export type VerifyChain = (range: Range) => Promise<Verification>

export function createVerifyChain(chain: ChainReader): VerifyChain {
  return async ({ fromSequence, toSequence, expectHash }) => {
    const from = fromSequence ?? 1
    if (toSequence !== null && toSequence < from)
      throw new BadUserInputError(['toSequence'], 'must not be before fromSequence')

    // In this order: the head moves with its entries, so it is never behind an entry that was read before it.
    const last = (await chain.findLast())?.sequence ?? 0
    const head = await chain.readHead()
    const end = Math.max(last, head.sequence)
    const isAsked = fromSequence !== null || toSequence !== null || expectHash !== null
    if (end === 0 && !isAsked) return EMPTY

    const before = from === 1 ? GENESIS : await chain.find(from - 1)
    if (before === null) return { ...EMPTY, valid: false, firstBroken: from - 1, reason: 'the entry is not there' }
    const to = toSequence ?? Math.max(end, from)
    return withExpected(expectHash, await walk(chain, { before, from, to, head }))
  }
}

type Walk = Readonly<{ before: Head; from: number; to: number; head: Head }>

/** Reads page by page: the chain may not fit into memory, and other requests run between two pages. */
async function walk(chain: ChainReader, { before, from, to, head }: Walk): Promise<Verification> {
  let last = before
  let reason: string | null = null
  for (let more = true; more; ) {
    const page = await chain.read({ from: last.sequence + 1, to, limit: PAGE })
    for (const entry of page) {
      reason = findBreak(last, entry) ?? findMismatch(head, entry)
      if (reason !== null) break
      last = entry
    }
    more = reason === null && page.length === PAGE
  }
  if (reason === null && last.sequence < to) reason = findEnd(last, head)

  const entries = last.sequence - before.sequence
  return {
    valid: reason === null,
    entries,
    firstSequence: entries > 0 ? from : null,
    lastSequence: entries > 0 ? last.sequence : null,
    firstBroken: reason === null ? null : last.sequence + 1,
    reason,
    headHash: reason === null ? last.hash : null,
  }
}

/** The reason why a range ends before its last sequence. */
function findEnd({ sequence }: Head, head: Head): string {
  if (sequence < head.sequence) return `the chain ends at ${sequence}, and ${head.sequence} entries were recorded`
  return `the chain ends at ${sequence}: entry ${sequence + 1} is not there`
}

/** A valid range is not valid after all if its last entry is not the expected one. */
function withExpected(expectHash: string | null, verification: Verification): Verification {
  const { valid, headHash, lastSequence } = verification
  if (!valid || expectHash === null || expectHash === headHash) return verification
  return {
    ...verification,
    valid: false,
    firstBroken: lastSequence,
    reason: 'the last entry has another hash than expected',
  }
}

/** The reason why an entry does not match the recorded end of the chain, or null. */
function findMismatch(head: Head, { sequence, hash }: Head): string | null {
  if (sequence > head.sequence) return `only ${head.sequence} entries were recorded`
  return sequence === head.sequence && hash !== head.hash ? 'the entry is not the one that was recorded last' : null
}

const EMPTY: Verification = {
  valid: true,
  entries: 0,
  firstSequence: null,
  lastSequence: null,
  firstBroken: null,
  reason: null,
  headHash: null,
}
