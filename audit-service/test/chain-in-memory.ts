import { GENESIS, type Head } from '../src/domain/chain.ts'
import type { AuditEntry } from '../src/domain/entry.ts'
import type { ChainReader, ChainWriter } from '../src/use-cases/ports.ts'

export type ChainInMemory = ChainReader & ChainWriter & { entries: AuditEntry[]; head: Head }

/** A chain of one writer whose entries a test can change. */
export function createChainInMemory(): ChainInMemory {
  const bySequence = (a: AuditEntry, b: AuditEntry) => a.sequence - b.sequence
  return {
    entries: [],
    head: GENESIS,
    async readHead() {
      return this.head
    },
    async findRecorded(ids) {
      return this.entries.filter(({ id }) => ids.includes(id)).map(({ id }) => id)
    },
    async append(added, before) {
      if (before.sequence !== this.head.sequence) throw new Error('the head has moved')
      this.entries.push(...added)
      const last = added.at(-1)
      if (last) this.head = { sequence: last.sequence, hash: last.hash }
    },
    async find(sequence) {
      return this.entries.find((entry) => entry.sequence === sequence) ?? null
    },
    async findLast() {
      return this.entries.toSorted(bySequence).at(-1) ?? null
    },
    async read({ from, to, limit }) {
      const inRange = this.entries.filter(({ sequence }) => sequence >= from && sequence <= to)
      return inRange.toSorted(bySequence).slice(0, limit)
    },
  }
}
