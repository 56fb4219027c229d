import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ChainInMemory, createChainInMemory } from '../../test/chain-in-memory.ts'
import { issueEvents } from '../../test/events.ts'
import { extendChain, GENESIS } from '../domain/chain.ts'
import { toAct } from '../domain/from-event.ts'
import { recordEvents } from './record-events.ts'
import { createVerifyChain } from './verify-chain.ts'

const WHOLE = { fromSequence: null, toSequence: null, expectHash: null }
/** Two pages and the beginning of a third. */
const LENGTH = 1_001
const EVENTS = issueEvents('iss_1', LENGTH)

let chain: ChainInMemory
beforeEach(async () => {
  chain = createChainInMemory()
  await recordEvents(EVENTS, chain)
})
const verify = (range: { fromSequence?: number; toSequence?: number; expectHash?: string } = {}) =>
  createVerifyChain(chain)({ ...WHOLE, ...range })
const change = (sequence: number, fields: object) => {
  chain.entries = chain.entries.map((entry) => (entry.sequence === sequence ? { ...entry, ...fields } : entry))
}

describe('a chain that is as it was recorded', () => {
  it('is valid, whole', async () => {
    expect(await verify()).toEqual({
      valid: true,
      entries: 1_001,
      firstSequence: 1,
      lastSequence: 1_001,
      firstBroken: null,
      reason: null,
      headHash: chain.head.hash,
    })
  })

  it('is valid in every range', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: LENGTH }), fc.nat({ max: LENGTH }), async (from, more) => {
        const to = Math.min(from + more, LENGTH)

        expect(await verify({ fromSequence: from, toSequence: to })).toMatchObject({
          valid: true,
          entries: to - from + 1,
          firstSequence: from,
          lastSequence: to,
          headHash: chain.entries[to - 1]!.hash,
        })
      }),
      { numRuns: 30 },
    )
  })

  it.for([
    [{ fromSequence: 1_002 }, 1_002],
    [{ fromSequence: 1_002, toSequence: 1_003 }, 1_002],
    [{ fromSequence: 1_004, toSequence: 1_005 }, 1_003],
    [{ toSequence: 1_002 }, 1_002],
    [{ fromSequence: 1_001, toSequence: 2_000 }, 1_002],
  ] as const)('is not valid in the range %j, of which entry %d is not there', async ([range, firstBroken]) => {
    expect(await verify(range)).toMatchObject({ valid: false, firstBroken, headHash: null })
  })

  it('is not valid where it is empty and an entry is asked for', async () => {
    chain = createChainInMemory()

    expect(await verify({ fromSequence: 1 })).toMatchObject({ valid: false, entries: 0, firstBroken: 1 })
    expect(await verify({ expectHash: 'a'.repeat(64) })).toMatchObject({ valid: false, firstBroken: 1 })
  })

  it('has the hash that was kept, at the sequence of that time', async () => {
    const { headHash } = await verify({ toSequence: 700 })

    expect(await verify({ toSequence: 700, expectHash: headHash! })).toMatchObject({ valid: true, headHash })
    expect(await verify({ toSequence: 701, expectHash: headHash! })).toMatchObject({ valid: false, firstBroken: 701 })
    expect(await verify({ expectHash: chain.head.hash })).toMatchObject({ valid: true })
  })

  it('is valid while it is empty', async () => {
    chain = createChainInMemory()

    expect(await verify()).toMatchObject({ valid: true, entries: 0, firstBroken: null })
  })

  it('is valid up to where it was when an append came in between', async () => {
    const busy = {
      ...chain,
      async findLast() {
        const last = await chain.findLast()
        await recordEvents(issueEvents('iss_late', 2), chain)
        return last
      },
      readHead: () => chain.readHead(),
      read: (range: Parameters<ChainInMemory['read']>[0]) => chain.read(range),
    }

    expect(await createVerifyChain(busy)(WHOLE)).toMatchObject({ valid: true, entries: 1_003 })
  })
})

describe('a chain that is not as it was recorded', () => {
  it('breaks at an entry that was changed, wherever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: LENGTH }), async (sequence) => {
        const original = chain.entries
        change(sequence, { actor: 'eve' })

        const found = await verify()

        chain.entries = original
        expect(found).toMatchObject({ valid: false, firstBroken: sequence, entries: sequence - 1, headHash: null })
      }),
      { numRuns: 30 },
    )
  })

  it('breaks at the first of two pages that is missing', async () => {
    chain.entries = chain.entries.filter(({ sequence }) => sequence <= 300 || sequence > 900)

    expect(await verify()).toMatchObject({ firstBroken: 301, reason: 'entry 301 is missing; the next is 901' })
  })

  it('that was cut short breaks where it ends now', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: LENGTH - 1 }), async (kept) => {
        const original = chain.entries
        chain.entries = original.slice(0, kept)

        const found = await verify()

        chain.entries = original
        expect(found).toMatchObject({ valid: false, entries: kept, firstBroken: kept + 1 })
        expect(found.reason).toBe(`the chain ends at ${kept}, and 1001 entries were recorded`)
      }),
      { numRuns: 30 },
    )
  })

  it('whose last entry was replaced together with its hash breaks there', async () => {
    const [forged] = extendChain(chain.entries[999]!, [{ ...toAct(EVENTS[1_000]!), actor: 'eve' }])
    change(1_001, forged!)

    expect(await verify()).toMatchObject({ firstBroken: 1_001, reason: expect.stringContaining('recorded last') })
    expect(await verify({ toSequence: 1_000 })).toMatchObject({ valid: true })
  })

  it('whose head was lost or turned back breaks after it', async () => {
    chain.head = GENESIS
    expect(await verify()).toMatchObject({ firstBroken: 1, reason: 'only 0 entries were recorded' })

    chain.head = { sequence: 700, hash: chain.entries[699]!.hash }
    expect(await verify()).toMatchObject({ firstBroken: 701, reason: 'only 700 entries were recorded' })
    expect(await verify({ fromSequence: 800, toSequence: 900 })).toMatchObject({ firstBroken: 800 })
    expect(await verify({ toSequence: 700 })).toMatchObject({ valid: true })
  })

  it('breaks before a range whose predecessor is missing', async () => {
    chain.entries = chain.entries.filter(({ sequence }) => sequence !== 41)

    expect(await verify({ fromSequence: 42, toSequence: 50 })).toMatchObject({ valid: false, firstBroken: 41 })
  })
})

describe('a range', () => {
  const refusal = expect.objectContaining({ code: 'BAD_USER_INPUT' })

  it.for([{ toSequence: 0 }, { fromSequence: 6, toSequence: 5 }])('%j is refused', async (range) => {
    await expect(verify(range)).rejects.toThrow(refusal)
  })
})
