import { decode, encode, type Fields } from '../values/bson.ts'
import { checkDocument, decodeElements, elementsOf, listElements, TYPE, toNames } from '../values/raw.ts'

/** Operation codes of MongoDB's wire protocol. Drivers send OP_QUERY for the handshake only, then OP_MSG. */
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const HEADER_BYTES = 16
const MORE_TO_COME = 2
const CHECKSUM_PRESENT = 1
export const MESSAGE_BYTES_MAX = 48_000_000

/**
 * A request: `command` has the documents of all sections. Those to insert, and updates, are left in the form in which they
 * came, because they are stored like that.
 */
export type Request = Readonly<{ id: number; legacy: boolean; wantsReply: boolean; command: Fields }>

/** The bytes are not a message, so the connection must be closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** Splits the bytes of a connection into messages. @throws ProtocolError */
export function createMessageReader(): (chunk: Buffer) => Request[] {
  let chunks: Buffer[] = []
  let bytes = 0
  let wanted = 4
  return (chunk) => {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < wanted) return [] // The pieces of a large message are joined once, when all are there.
    let pending = chunks.length === 1 ? chunk : Buffer.concat(chunks)
    const requests: Request[] = []
    wanted = 4
    while (pending.length >= 4) {
      const length = pending.readInt32LE(0)
      if (length < HEADER_BYTES || length > MESSAGE_BYTES_MAX) throw new ProtocolError(`A message of ${length} bytes`)
      wanted = length
      if (pending.length < length) break
      requests.push(readMessage(pending.subarray(0, length)))
      pending = pending.subarray(length)
      wanted = 4
    }
    chunks = [pending]
    bytes = pending.length
    return requests
  }
}

function readMessage(message: Buffer): Request {
  const id = message.readInt32LE(4)
  const operation = message.readInt32LE(12)
  try {
    if (operation === OP_MSG) return { id, legacy: false, ...readOpMsg(message) }
    if (operation === OP_QUERY) return { id, legacy: true, wantsReply: true, command: readOpQuery(message) }
  } catch (cause) {
    throw new ProtocolError('A message that cannot be read', { cause })
  }
  throw new ProtocolError(`The operation ${operation}`)
}

function readOpMsg(message: Buffer): { wantsReply: boolean; command: Fields } {
  const flags = message.readUInt32LE(HEADER_BYTES)
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0)
  let command: Fields = {}
  const sequences: Fields = {}
  let at = HEADER_BYTES + 4
  while (at < end) {
    const kind = message[at++]
    const length = message.readInt32LE(at)
    if (length < 5 || at + length > end) throw new ProtocolError('A section that does not end')
    const section = message.subarray(at, at + length)
    if (kind === 0) command = readBody(section)
    else if (kind === 1) Object.assign(sequences, readSequence(section))
    else throw new ProtocolError(`A section of kind ${kind}`)
    at += length
  }
  return { wantsReply: (flags & MORE_TO_COME) === 0, command: { ...command, ...sequences } }
}

/** Lists of documents of which the bytes are stored, or parts of them. */
const LEFT: readonly string[] = ['documents', 'updates']
const LEFT_NAMES = toNames(LEFT)

/** Drivers put a single document into the body, and several into a section of their own. */
function readBody(section: Buffer): Fields {
  const lists = elementsOf(section, LEFT_NAMES)
  const at = lists.findIndex((element) => element !== null)
  if (at < 0) return decode(section)
  checkDocument(section)
  const [name, ...fields] = listElements(section)
  const list = lists[at]!
  if (section[list.type] !== TYPE.array || name!.type === list.type) return decode(section)
  const items = listElements(section, list.value)
  if (items.some(({ type }) => section[type] !== TYPE.object)) return decode(section)
  const others = fields.filter(({ type }) => type !== list.type)
  const documents = items.map(({ value, end }) => section.subarray(value, end))
  return { ...decodeElements([name!, ...others]), [LEFT[at]!]: documents }
}

function readSequence(section: Buffer): Fields {
  const nameEnd = section.indexOf(0, 4)
  const name = section.toString('utf8', 4, nameEnd)
  const isLeft = LEFT.includes(name)
  const documents: (Fields | Uint8Array)[] = []
  let at = nameEnd + 1
  while (at < section.length) {
    const length = section.readInt32LE(at)
    if (length < 5 || at + length > section.length) throw new ProtocolError('A document that does not end')
    const body = section.subarray(at, at + length)
    if (isLeft) checkDocument(body)
    documents.push(isLeft ? body : decode(body))
    at += length
  }
  return { [name]: documents }
}

function readOpQuery(message: Buffer): Fields {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4)
  const database = message.toString('utf8', HEADER_BYTES + 4, nameEnd).split('.')[0]
  return { ...decode(message.subarray(nameEnd + 1 + 8)), $db: database }
}

/** Documents of an answer in the form in which they are stored, so that they are not decoded and encoded again. */
export class RawBatch {
  readonly bodies: readonly Uint8Array[]
  constructor(bodies: readonly Uint8Array[]) {
    this.bodies = bodies
  }
}

let lastId = 0

export function encodeReply(request: Pick<Request, 'id' | 'legacy'>, reply: Fields): Buffer {
  const parts = encodeWithBatches(reply)
  const lead = request.legacy ? 20 : 5
  const header = Buffer.alloc(HEADER_BYTES + lead)
  const length = header.length + lengthOf(parts)
  header.writeInt32LE(length, 0)
  header.writeInt32LE(++lastId & 0x7fffffff, 4)
  header.writeInt32LE(request.id, 8)
  header.writeInt32LE(request.legacy ? OP_REPLY : OP_MSG, 12)
  if (request.legacy) {
    header.writeInt32LE(8, HEADER_BYTES) // The flag AwaitCapable, which every server since 1.6 sets.
    header.writeInt32LE(1, HEADER_BYTES + 16) // The number of documents.
  }
  return Buffer.concat([header, ...parts], length)
}

/** Bytes that follow one another. They are copied once, into the message. */
type Parts = readonly Uint8Array[]

/** Like `encode`, but writes each RawBatch in `fields` as the array of its documents. */
function encodeWithBatches(fields: Fields): Parts {
  const special = Object.entries(fields).filter(([, value]) => value instanceof RawBatch || holdsBatch(value))
  if (special.length === 0) return [encode(fields)]
  const plain = encode(
    Object.fromEntries(Object.entries(fields).filter(([name]) => !special.some(([one]) => one === name))),
  )
  const parts = special.flatMap(([name, value]) =>
    value instanceof RawBatch
      ? [element(4, name), ...encodeArray(value.bodies)]
      : [element(3, name), ...encodeWithBatches(value as Fields)],
  )
  return wrap([...parts, plain.subarray(4, -1)])
}

function holdsBatch(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => inner instanceof RawBatch)
}

function encodeArray(bodies: readonly Uint8Array[]): Parts {
  return wrap(bodies.flatMap((body, at) => [element(3, String(at)), body]))
}

function element(type: number, name: string): Uint8Array {
  return Buffer.from(`${String.fromCharCode(type)}${name}\0`)
}

const END = Buffer.from([0])

function wrap(parts: Parts): Parts {
  const header = Buffer.alloc(4)
  header.writeInt32LE(lengthOf(parts) + 5, 0)
  return [header, ...parts, END]
}

const lengthOf = (parts: Parts) => parts.reduce((sum, part) => sum + part.length, 0)
