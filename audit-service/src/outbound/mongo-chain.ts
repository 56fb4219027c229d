import type { ClientSession } from 'mongodb'
import { GENESIS, type Head } from '../domain/chain.ts'
import type { ChainReader, ChainWriter } from '../use-cases/ports.ts'
import { type Collections, toEntry } from './collections.ts'

/** Appends within a transaction that the caller has begun. Of two writers, one conflicts on the head and runs again. */
export function createMongoChainWriters({ entries, heads }: Collections) {
  return (session: ClientSession): ChainWriter => ({
    readHead: () => readHead(heads, session),
    async findRecorded(ids) {
      const found = entries.find({ _id: { $in: [...ids] } }, { session, projection: { _id: 1 } })
      return (await found.toArray()).map(({ _id }) => _id)
    },
    async append(added, before) {
      const last = added.at(-1)
      if (!last) return
      // First, so that the slower of two writers conflicts before it has written anything.
      await moveHead(heads, { from: before, to: { sequence: last.sequence, hash: last.hash } }, session)
      await entries.insertMany(
        added.map(({ id, ...rest }) => ({ _id: id, ...rest })),
        { session },
      )
    },
  })
}

export function createMongoChainReader({ entries, heads }: Collections): ChainReader {
  return {
    readHead: () => readHead(heads),
    async find(sequence) {
      const found = await entries.findOne({ sequence })
      return found && toEntry(found)
    },
    async findLast() {
      const [found] = await entries.find().sort({ sequence: -1 }).limit(1).toArray()
      return found ? toEntry(found) : null
    },
    async read({ from, to, limit }) {
      const found = entries.find({ sequence: { $gte: from, $lte: to } })
      return (await found.sort({ sequence: 1 }).limit(limit).toArray()).map(toEntry)
    },
  }
}

async function readHead(heads: Collections['heads'], session?: ClientSession): Promise<Head> {
  const found = await heads.findOne({ _id: 'head' }, session ? { session } : {})
  return found ? { sequence: found.sequence, hash: found.hash } : GENESIS
}

type Step = Readonly<{ from: Head; to: Head }>

async function moveHead(heads: Collections['heads'], { from, to }: Step, session: ClientSession): Promise<void> {
  if (from.sequence === 0) {
    await heads.insertOne({ _id: 'head', ...to }, { session })
    return
  }
  const { matchedCount } = await heads.updateOne({ _id: 'head', ...from }, { $set: to }, { session })
  if (matchedCount === 0) throw new Error('The head of the chain moved within a transaction.')
}
