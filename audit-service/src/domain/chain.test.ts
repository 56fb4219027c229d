import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyEvents, issueEvents } from '../../test/events.ts'
import { extendChain, findBreak, GENESIS, type Head } from './chain.ts'
import type { AuditEntry } from './entry.ts'
import { toAct } from './from-event.ts'

type Break = Readonly<{ at: number; reason: string }>

/** The first break of a whole chain, walked as whoever verifies it does. */
function firstBreak(entries: readonly AuditEntry[]): Break | null {
  let before: Head = GENESIS
  for (const entry of entries) {
    const reason = findBreak(before, entry)
    if (reason !== null) return { at: before.sequence + 1, reason }
    before = entry
  }
  return null
}

const anyChain = anyEvents.map((events) => extendChain(GENESIS, events.map(toAct)))
const chainOf = (length: number) => extendChain(GENESIS, issueEvents('iss_1', length).map(toAct))

/** A chain and the place of one of its entries. */
const anyPlace = anyChain.chain((entries) => fc.record({ entries: fc.constant(entries), index: indexOf(entries) }))
/** A copy has the prototype of any object: two values that differ by their prototypes only are the same JSON. */
const isSame = (one: unknown, other: unknown) => isDeepStrictEqual(structuredClone(one), structuredClone(other))
const indexOf = (entries: readonly unknown[]) => fc.nat({ max: entries.length - 1 })

describe('a chain', () => {
  it('begins at 1 after 64 zeros and has no gaps; each entry holds the hash before it', () => {
    const [first, second, third] = chainOf(3)

    expect([first, second, third].map((entry) => entry?.sequence)).toEqual([1, 2, 3])
    expect(first?.previousHash).toBe('0000000000000000000000000000000000000000000000000000000000000000')
    expect(second?.previousHash).toBe(first?.hash)
    expect(third?.previousHash).toBe(second?.hash)
  })

  it('is the same whether it is extended at once or in parts', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, cut) => {
        const acts = events.map(toAct)
        const start = extendChain(GENESIS, acts.slice(0, cut % acts.length))
        const rest = extendChain(start.at(-1) ?? GENESIS, acts.slice(start.length))

        expect([...start, ...rest]).toEqual(extendChain(GENESIS, acts))
      }),
    )
  })

  it('holds as it was made', () => {
    fc.assert(
      fc.property(anyChain, (entries) => {
        expect(firstBreak(entries)).toBeNull()
      }),
    )
  })
})

describe('a chain that was changed', () => {
  const FIELDS = Object.keys(chainOf(1)[0]!) as (keyof AuditEntry)[]
  const anyValue = fc.oneof(fc.jsonValue(), fc.date(), fc.constantFrom(undefined, Number.NaN, 1n))

  it('breaks at the entry of which any field was given any other value', () => {
    fc.assert(
      fc.property(anyPlace, fc.constantFrom(...FIELDS), anyValue, ({ entries, index }, field, value) => {
        const tampered = entries.with(index, { ...entries[index]!, [field]: value })
        fc.pre(!isSame(value, entries[index]![field]))

        expect(firstBreak(tampered)?.at).toBe(index + 1)
      }),
      { numRuns: 100 },
    )
  })

  it('breaks at the entry of which any field was taken away', () => {
    fc.assert(
      fc.property(anyPlace, fc.constantFrom(...FIELDS), ({ entries, index }, field) => {
        const { [field]: _, ...rest } = entries[index]!

        expect(firstBreak(entries.with(index, rest as unknown as AuditEntry))?.at).toBe(index + 1)
      }),
    )
  })

  it('breaks at the entry to which a field was added', () => {
    fc.assert(
      fc.property(anyPlace, fc.string({ minLength: 1 }), anyValue, ({ entries, index }, name, value) => {
        fc.pre(!(FIELDS as string[]).includes(name) && name !== '__proto__')

        expect(firstBreak(entries.with(index, { ...entries[index]!, [name]: value }))?.at).toBe(index + 1)
      }),
    )
  })

  it('breaks where an entry was taken out, except at its end', () => {
    fc.assert(
      fc.property(anyPlace, ({ entries, index }) => {
        const found = firstBreak(entries.toSpliced(index, 1))

        const expected = index === entries.length - 1 ? undefined : index + 1
        expect(found?.at).toBe(expected)
      }),
    )
  })

  it('breaks at the first of two entries that changed places', () => {
    fc.assert(
      fc.property(anyChain, fc.nat(), fc.nat(), (entries, a, b) => {
        const [low, high] = [a % entries.length, b % entries.length].sort((x, y) => x - y) as [number, number]
        fc.pre(low !== high)
        const swapped = entries.with(low, entries[high]!).with(high, entries[low]!)

        expect(firstBreak(swapped)?.at).toBe(low + 1)
      }),
    )
  })

  it('breaks after an entry that was replaced together with its hash', () => {
    const entries = chainOf(3)
    const [, second] = issueEvents('iss_1', 2).map(toAct)
    const [resealed] = extendChain(entries[0]!, [{ ...second!, actor: 'eve' }])
    const [, foreign] = extendChain(GENESIS, issueEvents('iss_other', 2).map(toAct))

    expect(firstBreak(entries.with(1, resealed!))).toEqual({ at: 3, reason: expect.stringContaining('previousHash') })
    expect(firstBreak(entries.with(1, foreign!))).toEqual({ at: 2, reason: expect.stringContaining('previousHash') })
  })

  it('gives the reason: a gap, the hash before it, or its own hash', () => {
    const entries = chainOf(3)
    const tampered = (change: Partial<AuditEntry>) => firstBreak(entries.with(1, { ...entries[1]!, ...change }))?.reason

    expect(firstBreak(entries.toSpliced(1, 1))?.reason).toBe('entry 2 is missing; the next is 3')
    expect(tampered({ previousHash: 'f'.repeat(64) })).toMatch(/^previousHash/)
    expect(tampered({ actor: 'eve' })).toMatch(/^hash/)
  })
})
