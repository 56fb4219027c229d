import { connect, isIP, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { AnswerReader, type HttpAnswer } from './answer-reader.ts'
import { ConnectionLostError, ConnectTimeoutError, UnreadableAnswerError } from './errors.ts'

/** A request on its way. Exactly one of the two is called, once. */
export type HttpCall = Readonly<{
  /** The whole request, as HTTP/1.1 writes it. */
  text: string
  /** Whether the text is ASCII. */
  isAscii: boolean
  /** The answer is valid during the call only. */
  onAnswer: (answer: HttpAnswer) => void
  onError: (error: Error) => void
}>

export type ConnectionOptions = Readonly<{
  url: URL
  answerBytesMax: number
  /** How long opening may take, with the look-up of the name and the handshake of TLS. */
  connectMs: number
  /** Called after an answer, when another request may be sent for `keepAliveMs`. */
  onFree: (connection: Connection, keepAliveMs: number) => void
  onClosed: (connection: Connection) => void
}>

/** All connections read into the same memory, because each piece is used up before the next one is read. */
const READ = Buffer.allocUnsafeSlow(64 * 1024)

/** A keep-alive connection of HTTP/1.1, for one request after the other. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #socket: Socket
  readonly #reader: AnswerReader
  #call: HttpCall | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#reader = new AnswerReader(options.answerBytesMax)
    this.#socket = openSocket(options.url, (piece) => this.#read(piece))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#close())
    this.#limitOpening()
  }

  get call(): HttpCall | null {
    return this.#call
  }

  /** False from the moment the server ends the connection, some time before it is closed. */
  get isUsable(): boolean {
    return this.#socket.writable
  }

  /** Sends a request; the previous one must have been answered. */
  send(call: HttpCall): void {
    this.#call = call
    this.#socket.write(call.text, call.isAscii ? 'latin1' : 'utf8')
  }

  destroy(): void {
    this.#call = null
    this.#socket.destroy()
  }

  #limitOpening(): void {
    const { url, connectMs } = this.#options
    const timer = setTimeout(() => this.#socket.destroy(new ConnectTimeoutError(connectMs)), connectMs)
    const stop = () => clearTimeout(timer)
    this.#socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop).once('close', stop)
  }

  #read(piece: Buffer): void {
    const call = this.#call
    try {
      // Nothing was asked for.
      if (call === null) throw new UnreadableAnswerError('There is an answer without a request.')
      const answer = this.#reader.read(piece)
      if (answer !== null) this.#answer(call, answer)
    } catch (error) {
      this.#fail(error as Error)
      this.#socket.destroy()
    }
  }

  #answer(call: HttpCall, answer: HttpAnswer): void {
    this.#call = null
    call.onAnswer(answer)
    // A server may answer before it has read the whole request, and may then take the rest of it for another one.
    if (answer.isLast || this.#socket.writableLength > 0) this.#socket.destroy()
    else this.#options.onFree(this, answer.head.keepAliveMs)
  }

  #fail(error: Error): void {
    const call = this.#call
    this.#call = null
    call?.onError(error)
  }

  #close(): void {
    const answer = this.#call && this.#reader.end()
    if (answer) this.#answer(this.#call!, answer)
    else this.#fail(new ConnectionLostError())
    this.#options.onClosed(this)
  }
}

/** Reading into memory of our own is several times cheaper than through a stream. */
function openSocket({ protocol, hostname, port }: URL, read: (piece: Buffer) => void): Socket {
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const onread = {
    buffer: READ,
    callback(bytes: number) {
      read(READ.subarray(0, bytes))
      return true
    },
  }
  const to = { host, port: Number(port || (isSecure ? 443 : 80)), noDelay: true, onread }
  if (!isSecure) return connect(to)
  return connectSecurely({ ...to, ...(isIP(host) === 0 && { servername: host }), ALPNProtocols: ['http/1.1'] })
}
