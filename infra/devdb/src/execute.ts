import { BSON } from 'mongodb'
import { decode, type Fields, isNumber, toNumber } from './bson.ts'
import type { Collection } from './catalog.ts'
import * as manage from './commands/manage.ts'
import * as read from './commands/read.ts'
import * as write from './commands/write.ts'
import { type Context, createContext, type Database, keepReply } from './database.ts'
import { CommandError } from './errors.ts'
import { noSuchTransaction, type Transaction } from './transactions.ts'
import { applyTransaction } from './writer.ts'

const { Binary, Int32, Timestamp } = BSON

type Command = (context: Context, command: Fields) => Fields | Promise<Fields>

const READS: Readonly<Record<string, Command>> = {
  find: read.find,
  aggregate: read.aggregate,
  getMore: read.getMore,
  killCursors: read.killCursors,
  count: read.countDocuments,
  distinct: read.distinct,
  explain: read.explain,
}
/** A driver may send these again when it did not hear the answer; they are done once. */
const WRITES: Readonly<Record<string, Command>> = {
  insert: write.insert,
  update: write.update,
  delete: write.remove,
  findAndModify: write.findAndModify,
  findandmodify: write.findAndModify,
}
const OTHERS: Readonly<Record<string, Command>> = {
  ping: () => ({}),
  buildInfo: manage.buildInfo,
  buildinfo: manage.buildInfo,
  serverStatus: manage.serverStatus,
  create: manage.create,
  drop: manage.drop,
  dropDatabase: manage.dropDatabase,
  listCollections: manage.listCollections,
  listDatabases: manage.listDatabases,
  createIndexes: manage.createIndexes,
  listIndexes: manage.listIndexes,
  dropIndexes: manage.dropIndexes,
  endSessions: () => ({}),
  refreshSessions: () => ({}),
}

/** Runs one command and gives its answer; errors of the command are answers too. */
export async function execute(database: Database, command: Fields): Promise<Fields> {
  try {
    return finish(await run(database, command))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const { code, codeName, message, labels, facts } = error
    return finish({
      ok: 0,
      errmsg: message,
      code: new Int32(code),
      codeName,
      ...facts,
      ...(labels.length > 0 && { errorLabels: labels }),
    })
  }
}

function finish(reply: Fields): Fields {
  const time = new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 })
  const signature = { hash: new Binary(Buffer.alloc(20)), keyId: BSON.Long.ZERO }
  return { ...reply, ok: reply.ok ?? 1, operationTime: time, $clusterTime: { clusterTime: time, signature } }
}

async function run(database: Database, command: Fields): Promise<Fields> {
  const name = Object.keys(command)[0]!
  if (name === 'commitTransaction') return commit(database, command)
  if (name === 'abortTransaction') return abort(database, command)
  const handle = READS[name] ?? WRITES[name] ?? OTHERS[name]
  if (!handle) throw new CommandError(59, `no such command: '${name}'`)

  const transaction = command.autocommit === false ? joinTransaction(database, command) : null
  const context = createContext(database, String(command.$db), transaction)
  if (transaction) return inTransaction(database, command, () => handle(context, command))
  return WRITES[name] ? once(database, command, () => handle(context, command)) : handle(context, command)
}

type SessionCall = Readonly<{ session: Uint8Array; name: string; number: number }>

/** The session of a command, as transactions are known by. */
export function sessionOf(command: Fields): string | null {
  return readSession(command)?.name ?? null
}

function readSession({ lsid, txnNumber }: Fields): SessionCall | null {
  const id = (lsid as Fields | undefined)?.id
  if (!(id instanceof Binary) || !isNumber(txnNumber)) return null
  const session = id.buffer.subarray(0, id.position)
  return { session, name: Buffer.from(session).toString('hex'), number: toNumber(txnNumber) }
}

function demandSession(command: Fields): SessionCall {
  const call = readSession(command)
  if (!call) throw new CommandError(2, 'A transaction needs a session and a transaction number')
  return call
}

function joinTransaction({ transactions }: Database, command: Fields): Transaction {
  const { name, number } = demandSession(command)
  return command.startTransaction === true ? transactions.begin(name, number) : transactions.get(name, number)
}

/** Whatever goes wrong within a transaction ends it. */
async function inTransaction(
  { transactions }: Database,
  command: Fields,
  work: () => Fields | Promise<Fields>,
): Promise<Fields> {
  try {
    return await work()
  } catch (error) {
    transactions.end(demandSession(command).name)
    throw error
  }
}

/** Answers that were given before are given again, also after a crash: they lie beside what they tell of. */
async function once(database: Database, command: Fields, work: () => Fields | Promise<Fields>): Promise<Fields> {
  const call = readSession(command)
  if (!call) return work()
  const given = database.storage.findReply(call.session)
  if (given && given.number === call.number) return decode(given.reply)
  if (given && given.number > call.number) throw new CommandError(225, `Transaction number ${call.number} is too old`)
  const reply = await work()
  keepReply(database, call.session, call.number, reply)
  return reply
}

function commit(database: Database, command: Fields): Fields {
  const { session, name, number } = demandSession(command)
  const given = database.storage.findReply(session)
  if (given && given.number === number) return decode(given.reply)
  const transaction = database.transactions.get(name, number)
  applyTransaction(database, transaction, collectionsByNumber(database))
  keepReply(database, session, number, {})
  database.transactions.end(name)
  return {}
}

function abort(database: Database, command: Fields): Fields {
  const { name, number } = demandSession(command)
  try {
    database.transactions.get(name, number)
  } catch {
    throw noSuchTransaction(number)
  }
  database.transactions.end(name)
  return {}
}

function collectionsByNumber({ catalog }: Database): ReadonlyMap<number, Collection> {
  const all = catalog.databases().flatMap((name) => catalog.list(name))
  return new Map(all.map((collection) => [collection.number, collection]))
}
