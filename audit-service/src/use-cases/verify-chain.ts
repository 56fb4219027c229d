import { BadUserInputError } from '@redress/shared/errors.ts'
import { GENESIS, type Head } from '../domain/entry.ts'
import { findBreak } from '../domain/verification.ts'
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

type Range = Readonly<{ fromSequence: number | null; toSequence: number | null }>
/** Computes every hash in a range again. @throws BadUserInputError for a range that is none. */
export type VerifyChain = (range: Range) => Promise<Verification>

export function createVerifyChain(chain: ChainReader): VerifyChain {
  return async ({ fromSequence, toSequence }) => {
    const from = fromSequence ?? 1
    if (from < 1) throw new BadUserInputError(['fromSequence'], 'must be 1 or more')
    if (toSequence !== null && toSequence < from)
      throw new BadUserInputError(['toSequence'], 'must not be before fromSequence')

    // Read first: what is appended while we look is not missing.
    const head = await chain.readHead()
    const to = Math.min(toSequence ?? head.sequence, head.sequence)
    const predecessor = from === 1 ? GENESIS : await chain.find(from - 1)
    if (predecessor === null && from <= head.sequence + 1)
      return broken(from - 1, 'the entry before the range is missing')
    if (predecessor === null || to < from) return NOTHING

    return walk(chain, { before: predecessor, from, to, head })
  }
}

type Walk = Readonly<{ before: Head; from: number; to: number; head: Head }>

async function walk(chain: ChainReader, { before, from, to, head }: Walk): Promise<Verification> {
  let last: Head = before
  let entries = 0
  const found = () => ({
    entries,
    firstSequence: entries > 0 ? from : null,
    lastSequence: entries > 0 ? last.sequence : null,
  })
  const fail = (firstBroken: number, reason: string) => ({
    ...found(),
    valid: false,
    firstBroken,
    reason,
    headHash: null,
  })

  for (;;) {
    const page = await chain.read({ from: last.sequence + 1, to, limit: PAGE })
    for (const entry of page) {
      const reason = findBreak(last, entry)
      if (reason !== null) return fail(last.sequence + 1, reason)
      last = entry
      entries++
    }
    if (page.length < PAGE) break
  }
  if (last.sequence < to)
    return fail(last.sequence + 1, `the chain ends at ${last.sequence}, and ${head.sequence} were recorded`)
  if (to === head.sequence && last.hash !== head.hash)
    return fail(to, 'the last entry is not the one that was recorded last')
  return { ...found(), valid: true, firstBroken: null, reason: null, headHash: last.hash }
}

const NOTHING: Verification = {
  valid: true,
  entries: 0,
  firstSequence: null,
  lastSequence: null,
  firstBroken: null,
  reason: null,
  headHash: null,
}

function broken(firstBroken: number, reason: string): Verification {
  return { ...NOTHING, valid: false, firstBroken, reason }
}
