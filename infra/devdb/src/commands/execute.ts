import { BSON } from 'mongodb'
import { type Context, createContext, type Database } from '../database.ts'
import { CommandError } from '../errors.ts'
import { type Call, readCall } from '../protocol/retries.ts'
import { applyTransaction } from '../storage/transaction-writer.ts'
import { noSuchTransaction, type Transaction } from '../storage/transactions.ts'
import { type Fields, lookUp } from '../values/bson.ts'
import * as manage from './manage.ts'
import { refuseReadConcern, refuseUnknownOptions } from './options.ts'
import * as read from './read.ts'
import * as write from './write.ts'

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
/** Drivers retry these after a lost answer; each is done once. */
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
  dbStats: manage.dbStats,
  dbstats: manage.dbStats,
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

/** Runs one command. A CommandError becomes an answer with its code. */
export async function execute(database: Database, command: Fields): Promise<Fields> {
  try {
    return finish(await run(database, command))
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return toErrorReply(error)
  }
}

export function toErrorReply({ code, codeName, message, labels, facts }: CommandError): Fields {
  return finish({
    ok: 0,
    errmsg: message,
    code: new Int32(code),
    codeName,
    ...facts,
    ...(labels.length > 0 && { errorLabels: labels }),
  })
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
  const handle = lookUp(READS, name) ?? lookUp(WRITES, name) ?? lookUp(OTHERS, name)
  if (!handle) throw new CommandError(59, `no such command: '${name}'`)
  refuseUnknownOptions(name, command)
  refuseReadConcern(command)

  const transaction = command.autocommit === false ? joinTransaction(database, command) : null
  const context = createContext(database, String(command.$db), transaction)
  if (transaction) {
    return inTransaction(context, async () => {
      if (lookUp(OTHERS, name)) throw new CommandError(263, `Cannot run '${name}' in a multi-document transaction.`)
      return handle(context, command)
    })
  }
  const call = lookUp(WRITES, name) ? readCall(command) : null
  if (!call) return handle(context, command)
  return database.retries.once(call, context.tally, async () => handle(context, command))
}

function demandCall(command: Fields): Call {
  const call = readCall(command)
  if (!call) throw new CommandError(2, 'A transaction needs a session and a transaction number')
  return call
}

function joinTransaction({ transactions }: Database, command: Fields): Transaction {
  const { name, number } = demandCall(command)
  return command.startTransaction === true ? transactions.begin(name, number) : transactions.get(name, number)
}

/** Aborts the transaction on any error, also on one that is reported for a row of a write. */
async function inTransaction(context: Context, work: () => Promise<Fields>): Promise<Fields> {
  const { transaction } = context
  try {
    const reply = await work()
    // It may have reached the end of its life while a long command let others have a turn.
    if (transaction?.isOver()) throw noSuchTransaction(transaction.number)
    if (reply.writeErrors) context.abort()
    return reply
  } catch (error) {
    context.abort()
    throw error
  }
}

function commit(database: Database, command: Fields): Fields {
  const call = demandCall(command)
  const given = database.retries.findReply(call)
  if (given) return given
  const transaction = database.transactions.get(call.name, call.number)
  applyTransaction(database, transaction)
  database.retries.keepReply(call, {})
  database.transactions.complete(call.name)
  return {}
}

function abort(database: Database, command: Fields): Fields {
  const { name, number } = demandCall(command)
  database.transactions.get(name, number)
  database.transactions.end(name)
  return {}
}
