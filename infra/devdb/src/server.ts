import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { execute } from './commands/execute.ts'
import { hello } from './commands/manage.ts'
import { type Database, openDatabase } from './database.ts'
import { expire } from './expiry.ts'
import { readCall } from './protocol/retries.ts'
import { createMessageReader, encodeReply, type Request } from './protocol/wire.ts'
import type { Fields } from './values/bson.ts'

export type DevdbOptions = Readonly<{
  /** The file; it is created where there is none. */
  path: string
  /** 0: any free one. */
  port?: number
  host?: string
  /** Whether a query that no index serves is an error (code 291), as with MongoDB's parameter `notablescan`. */
  refuseScans?: boolean
  /** How often expired documents are deleted. */
  expireEveryMs?: number
  /** After how long a transaction that nobody goes on with is aborted. */
  transactionLifeMs?: number
}>

export type Devdb = Readonly<{ uri: string; port: number; close(): Promise<void> }>

const EXPIRE_EVERY_MS = 10_000
/** A driver may go on with a transaction over another connection; one that was killed does not. */
const ABANDONED_AFTER_MS = 500

/**
 * Serves a database file to MongoDB drivers, on this machine only. For developing and testing: it does as much of
 * MongoDB as Redress needs, and refuses the rest by name.
 * @throws FileInUseError when another server has the file.
 */
export async function startDevdb(options: DevdbOptions): Promise<Devdb> {
  const { path, port = 0, host = '127.0.0.1', refuseScans = false, expireEveryMs = EXPIRE_EVERY_MS } = options
  const database = openDatabase(path, { refuseScans, transactionLifeMs: options.transactionLifeMs })
  const flush = createFlush(database)
  const sockets = new Set<Socket>()
  const running = new Set<Promise<void>>()

  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    const sessions = new Set<string>()
    socket.on('close', () => {
      sockets.delete(socket)
      abandon(database, sessions)
    })
    socket.on('error', () => socket.destroy())
    const read = createMessageReader()
    let turn = Promise.resolve()
    socket.on('data', (chunk) => {
      try {
        for (const request of read(chunk)) {
          if (request.command.startTransaction === true) sessions.add(readCall(request.command)?.name ?? '')
          turn = turn.then(() => answer(database, request, socket, flush)) // One after the other, as they came.
          track(running, turn)
        }
      } catch {
        socket.destroy() // Not a driver, or a broken one.
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      database.close()
      reject(error)
    })
    server.listen(port, host, resolve)
  })
  const timer = setInterval(() => {
    expire(database, new Date())
    database.commit()
  }, expireEveryMs).unref()

  const { port: actual } = server.address() as AddressInfo
  return {
    uri: `mongodb://${host}:${actual}/?replicaSet=devdb`,
    port: actual,
    async close() {
      clearInterval(timer)
      const closed = new Promise((resolve) => server.close(resolve))
      await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
      for (const socket of sockets) socket.destroy()
      await closed
      database.close()
    },
  }
}

/** Locks of a client that is gone must not keep the others waiting. */
function abandon({ transactions }: Database, sessions: ReadonlySet<string>): void {
  const closedAt = Date.now()
  setTimeout(() => {
    for (const session of sessions) transactions.endIfUnused(session, closedAt)
  }, ABANDONED_AFTER_MS).unref()
}

function track(running: Set<Promise<void>>, work: Promise<void>): void {
  running.add(work)
  void work.finally(() => running.delete(work))
}

type Flush = (done: () => void) => void

/** What happens in one turn of the event loop is made durable at its end, once, and only then answered. */
function createFlush(database: Database): Flush {
  let waiting: (() => void)[] = []
  return (done) => {
    if (!database.storage.isWriting()) return done() // All that the answer tells of is on disk.
    waiting.push(done)
    if (waiting.length > 1) return
    setImmediate(() => {
      const answers = waiting
      waiting = []
      database.commit()
      for (const answer of answers) answer()
    })
  }
}

async function answer(database: Database, request: Request, socket: Socket, flush: Flush): Promise<void> {
  const reply = await reactTo(database, request.command, socket)
  await new Promise<void>((resolve) => flush(resolve))
  if (request.wantsReply && socket.writable) socket.write(encodeReply(request, reply))
}

async function reactTo(database: Database, command: Fields, socket: Socket): Promise<Fields> {
  if (['hello', 'isMaster', 'ismaster'].includes(Object.keys(command)[0]!)) {
    return { ...hello(`${socket.localAddress}:${socket.localPort}`), ok: 1 }
  }
  try {
    return await execute(database, command)
  } catch (error) {
    // Ours to mend: the driver shall see what went wrong, and others go on.
    return {
      ok: 0,
      errmsg: `Internal error of the development database: ${String(error)}`,
      code: 8,
      codeName: 'UnknownError',
    }
  }
}
