import type { MongoClient } from 'mongodb'

/** Numbers of operations, from MongoDB's serverStatus. */
export type Operations = Readonly<{ insert: number; update: number; query: number; command: number }>

export async function readOperations(mongo: MongoClient): Promise<Operations> {
  const { opcounters } = await mongo.db('admin').command({ serverStatus: 1 })
  return {
    insert: +opcounters.insert,
    update: +opcounters.update,
    query: +opcounters.query,
    command: +opcounters.command,
  }
}
