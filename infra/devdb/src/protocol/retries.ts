import { BSON } from 'mongodb'
import { CommandError } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import { decode, encode, type Fields, isNumber, toNumber } from '../values/bson.ts'
import { readTally, type Tally } from './tally.ts'

/** Identifies one write of a driver. A retry after a lost answer has the same session and number. */
export type Call = Readonly<{ session: Uint8Array; name: string; number: number }>

export type Retries = Readonly<{
  /**
   * Runs a write, or returns the answer of the first attempt. `tally` is set to the rows that were done before a crash,
   * so that `work` continues after them.
   */
  once(call: Call, tally: Tally, work: () => Promise<Fields>): Promise<Fields>
  findReply(call: Call): Fields | null
  keepReply(call: Call, reply: Fields): void
  /** Stores the progress of running writes. Called before each commit, because the commit contains part of them. */
  keepProgress(): void
}>

type Running = { call: Call; tally: Tally; kept: number; reply: Promise<Fields> }

export function createRetries(storage: Storage): Retries {
  const running = new Map<string, Running>()
  // Rows that were undone are not done. Their commands fail.
  storage.onUndone(() => running.clear())
  const keep = ({ session, number }: Call, reply: Fields) => storage.keepReply(session, number, encode(reply))

  return {
    findReply: (call) => findReply(storage, call),
    keepReply: keep,
    keepProgress() {
      for (const one of running.values()) {
        if (one.tally.done === one.kept) continue
        keep(one.call, { unfinished: one.tally })
        one.kept = one.tally.done
      }
    },
    async once(call, tally, work) {
      const same = running.get(call.name)
      if (same?.call.number === call.number) return same.reply
      const given = findReply(storage, call)
      if (given && !given.unfinished) return given
      if (given) Object.assign(tally, readTally(given.unfinished as Fields))

      const { times } = storage.undone()
      const reply = work().then((fields) => {
        const undone = storage.undone()
        if (undone.times !== times) throw undone.because
        keep(call, fields)
        return fields
      })
      const mine = { call, tally, kept: tally.done, reply }
      running.set(call.name, mine)
      try {
        return await reply
      } finally {
        if (running.get(call.name) === mine) running.delete(call.name)
      }
    },
  }
}

function findReply(storage: Storage, { session, number }: Call): Fields | null {
  const given = storage.findReply(session)
  if (given && given.number > number) throw new CommandError(225, `Transaction number ${number} is too old`)
  return given && given.number === number ? decode(given.reply) : null
}

export function readCall({ lsid, txnNumber }: Fields): Call | null {
  const id = (lsid as Fields | undefined)?.id
  if (!(id instanceof BSON.Binary) || !isNumber(txnNumber)) return null
  const session = id.buffer.subarray(0, id.position)
  return { session, name: Buffer.from(session).toString('hex'), number: toNumber(txnNumber) }
}
