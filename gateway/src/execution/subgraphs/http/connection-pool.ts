import { Connection, type ConnectionOptions, type HttpCall } from './connection.ts'
import { ConnectionLostError } from './errors.ts'

export type PoolOptions = Pick<ConnectionOptions, 'url' | 'answerBytesMax' | 'connectMs'> &
  Readonly<{
    connectionsMax: number
    /** How long an unused connection is kept at most. */
    keepAliveMs: number
  }>

type Idle = Readonly<{ connection: Connection; until: number }>

const SWEEP_MS = 5_000

/** Keep-alive connections to one origin, opened when they are first needed. */
export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #open = new Set<Connection>()
  readonly #waiting = new Set<HttpCall>()
  readonly #sweeping: NodeJS.Timeout
  /** The last one was used last, and is used first. */
  #idle: Idle[] = []
  #isClosed = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  /** Sends a request over a connection that no other uses; it waits while all are in use. */
  send(call: HttpCall): void {
    if (this.#isClosed) {
      call.onError(new ConnectionLostError())
      return
    }
    const connection = this.#takeIdle() ?? (this.#open.size < this.#options.connectionsMax ? this.#connect() : null)
    if (connection === null) this.#waiting.add(call)
    else connection.send(call)
  }

  /** Gives up a request, and the connection that it was sent over. Neither of its callbacks is called. */
  abort(call: HttpCall): void {
    if (this.#waiting.delete(call)) return
    for (const connection of this.#open) if (connection.call === call) connection.destroy()
  }

  /** Closes all connections, and fails the requests on their way and all later ones. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#sweeping)
    const calls = [...this.#waiting, ...[...this.#open].map((connection) => connection.call)]
    this.#waiting.clear()
    for (const connection of this.#open) connection.destroy()
    for (const call of calls) call?.onError(new ConnectionLostError())
  }

  #connect(): Connection {
    const connection = new Connection({
      ...this.#options,
      onFree: (free, keepAliveMs) => this.#reuse(free, keepAliveMs),
      onClosed: (closed) => this.#replace(closed),
    })
    this.#open.add(connection)
    return connection
  }

  #reuse(connection: Connection, serverMs: number): void {
    const next = takeFirst(this.#waiting)
    if (next) connection.send(next)
    else this.#idle.push({ connection, until: performance.now() + Math.min(serverMs, this.#options.keepAliveMs) })
  }

  #replace(closed: Connection): void {
    this.#open.delete(closed)
    this.#idle = this.#idle.filter(({ connection }) => connection !== closed)
    const next = takeFirst(this.#waiting)
    if (next) this.#connect().send(next)
  }

  #takeIdle(): Connection | null {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.until > performance.now() && last.connection.isUsable) return last.connection
      last.connection.destroy()
    }
    return null
  }

  #sweep(): void {
    const now = performance.now()
    for (const { connection, until } of this.#idle) if (until <= now) connection.destroy()
    this.#idle = this.#idle.filter(({ until }) => until > now)
  }
}

function takeFirst<T>(set: Set<T>): T | undefined {
  const [first] = set
  if (first !== undefined) set.delete(first)
  return first
}
