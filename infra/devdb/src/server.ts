import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { execute, toErrorReply } from './commands/execute.ts'
import { hello } from './commands/manage.ts'
import { type Database, openDatabase } from './database.ts'
import { CommandError } from './errors.ts'
import { expire } from './expiry.ts'
import { readCall } from './protocol/retries.ts'
import { createMessageReader, encodeReply, type Request } from './protocol/wire.ts'
import type { OpenFile } from './storage/file.ts'
import type { Fields } from './values/bson.ts'

export type DevdbOptions = Readonly<{
  /** The database file; created when missing. */
  path: string
  /** 0, the default: any free port. */
  port?: number
  host?: string
  /** Whether a query that no index serves is an error (code 291), as with MongoDB's parameter `notablescan`. */
  refuseScans?: boolean
  /** How often expired documents are deleted. */
  expireEveryMs?: number
  /** How long after its beginning a transaction is aborted; 10 s by default. */
  transactionLifeMs?: number
  openFile?: OpenFile
}>

export type Devdb = Readonly<{ uri: string; port: number; close(): Promise<void> }>

const EXPIRE_EVERY_MS = 10_000
/** A driver may continue a transaction over another connection, but does so at once. */
const ABANDONED_AFTER_MS = 500
const STOP_MS = 1_000
/** Requests that may wait for their turn before no more are read. A driver sends one at a time. */
const WAITING_MAX = 16

/**
 * Serves a database file to MongoDB drivers, on this machine only. For developing and testing: it does as much of
 * MongoDB as Redress needs, and refuses the rest by name.
 * @throws FileInUseError when another server has the file.
 */
export async function startDevdb(options: DevdbOptions): Promise<Devdb> {
  const { path, port = 0, host = '127.0.0.1', refuseScans = false, expireEveryMs = EXPIRE_EVERY_MS } = options
  const database = openDatabase(path, { ...options, refuseScans })
  const serving: Serving = { database, flush: createFlush(database), sockets: new Set(), running: new Set() }
  const server = createServer({ noDelay: true }, (socket) => accept(serving, socket))
  await listen(server, { port, host }).catch((error: unknown) => {
    database.close()
    throw error
  })
  const timer = setInterval(() => {
    try {
      expire(database, new Date())
      database.commit()
    } catch (error) {
      if (!(error instanceof CommandError)) throw error // The disk is full: deleted in a later round.
    }
  }, expireEveryMs).unref()

  const { port: actual } = server.address() as AddressInfo
  return {
    uri: `mongodb://${host}:${actual}/?replicaSet=devdb`,
    port: actual,
    async close() {
      clearInterval(timer)
      await stopServing(serving, server)
      database.close()
    },
  }
}

type Serving = Readonly<{ database: Database; flush: Flush; sockets: Set<Socket>; running: Set<Promise<void>> }>

function accept(serving: Serving, socket: Socket): void {
  const { database, sockets, running } = serving
  const sessions = new Set<string>()
  sockets.add(socket)
  socket.on('close', () => {
    sockets.delete(socket)
    abandon(database, sessions)
  })
  socket.on('error', () => socket.destroy())

  const read = createMessageReader()
  let turn = Promise.resolve()
  let waiting = 0
  socket.on('data', (chunk) => {
    try {
      for (const request of read(chunk)) {
        if (request.command.startTransaction === true) sessions.add(readCall(request.command)?.name ?? '')
        waiting++
        turn = turn // In the order of arrival.
          .then(() => answer(serving, request, socket))
          .finally(() => {
            if (--waiting === 0) socket.resume()
          })
        track(running, turn)
      }
      if (waiting > WAITING_MAX) socket.pause()
    } catch {
      socket.destroy() // Not a driver, or a broken one.
    }
  })
}

function listen(server: Server, address: Readonly<{ port: number; host: string }>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, resolve)
  })
}

/** Waits for running commands, but not for longer than STOP_MS. */
async function stopServing({ sockets, running }: Serving, server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())])
  for (const socket of sockets) socket.destroy()
  await closed
}

/** Ends the transactions of a closed connection, so that other writers need not wait until they expire. */
function abandon({ transactions }: Database, sessions: ReadonlySet<string>): void {
  const closedAt = performance.now()
  setTimeout(() => {
    for (const session of sessions) transactions.endIfUnused(session, closedAt)
  }, ABANDONED_AFTER_MS).unref()
}

function track(running: Set<Promise<void>>, work: Promise<void>): void {
  running.add(work)
  void work.finally(() => running.delete(work))
}

type Flush = (done: () => void) => void

/** Delays answers to the end of a turn of the event loop, where one commit makes all its writes durable. */
function createFlush(database: Database): Flush {
  let waiting: (() => void)[] = []
  return (done) => {
    if (!database.storage.isWriting()) return done() // Nothing is uncommitted, so the answer can go out.
    waiting.push(done)
    if (waiting.length > 1) return
    setImmediate(() => {
      const answers = waiting
      waiting = []
      try {
        database.commit()
      } catch (error) {
        if (!(error instanceof CommandError)) throw error // Undone: the answers say so.
      }
      for (const answer of answers) answer()
    })
  }
}

async function answer({ database, flush }: Serving, request: Request, socket: Socket): Promise<void> {
  const { storage } = database
  const { times } = storage.undone()
  if (isHello(request.command)) {
    socket.write(encodeReply(request, { ...hello(`${socket.localAddress}:${socket.localPort}`), ok: 1 }))
    return
  }
  const reply = await reactTo(database, request.command)
  await new Promise<void>((resolve) => flush(resolve))
  const undone = storage.undone()
  // It has read or written what was undone, or may have.
  const valid = undone.times === times ? reply : toErrorReply(undone.because!)
  if (request.wantsReply && socket.writable) await send(socket, encodeReply(request, valid))
}

/** Resolves when the next reply may be written, so that only one waits for a client that does not read. */
async function send(socket: Socket, reply: Buffer): Promise<void> {
  if (socket.write(reply) || socket.destroyed) return
  const over = new AbortController()
  const { signal } = over
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })])
    .catch(() => undefined) // The connection failed.
    .finally(() => over.abort())
}

const isHello = (command: Fields) => ['hello', 'isMaster', 'ismaster'].includes(Object.keys(command)[0]!)

async function reactTo(database: Database, command: Fields): Promise<Fields> {
  try {
    return await execute(database, command)
  } catch (error) {
    // A defect of this server: reported to the driver, so that other connections are not affected.
    return {
      ok: 0,
      errmsg: `Internal error of the development database: ${String(error)}`,
      code: 8,
      codeName: 'UnknownError',
    }
  }
}
