import { BSON } from 'mongodb'
import { type Fields, toNumber } from '../values/bson.ts'

const { Int32 } = BSON

/** The results of the rows of a write so far. */
export type Tally = { done: number; n: number; nModified: number; upserted: Fields[]; writeErrors: Fields[] }

export function createTally(): Tally {
  return { done: 0, n: 0, nModified: 0, upserted: [], writeErrors: [] }
}

export function readTally({ done, n, nModified, upserted, writeErrors }: Fields): Tally {
  return {
    done: toNumber(done),
    n: toNumber(n),
    nModified: toNumber(nModified),
    upserted: upserted as Fields[],
    writeErrors: writeErrors as Fields[],
  }
}

export function toReply({ n, nModified, upserted, writeErrors }: Tally, isUpdate: boolean): Fields {
  return {
    n: new Int32(n),
    ...(isUpdate && { nModified: new Int32(nModified) }),
    ...(upserted.length > 0 && { upserted }),
    ...(writeErrors.length > 0 && { writeErrors }),
  }
}
