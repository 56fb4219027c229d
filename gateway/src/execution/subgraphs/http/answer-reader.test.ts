import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { AnswerReader } from './answer-reader.ts'

const BYTES_MAX = 1_000

/** The answers that a reader finds in bytes that come in pieces of a size, and of the end of the connection after them. */
function readIn(pieceBytes: number, text: string) {
  const reader = new AnswerReader(BYTES_MAX)
  const bytes = Buffer.from(text)
  const answers: { status: number; body: string; isLast: boolean }[] = []
  const note = (answer: ReturnType<AnswerReader['read']>) => {
    if (answer) answers.push({ status: answer.head.status, body: answer.body.toString(), isLast: answer.isLast })
  }
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // The same memory each time, as a connection has it.
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes))
    note(reader.read(piece))
    piece.fill('?')
  }
  note(reader.end())
  return answers
}

const ALL = 10_000

describe('an answer is read the same in one piece, in two, and byte by byte:', () => {
  it.for<[string, string, { status: number; body: string; isLast: boolean }]>([
    [
      'with a length',
      'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"ä":1}',
      { status: 200, body: '{"ä":1}', isLast: false },
    ],
    ['without a body', 'HTTP/1.1 204 No Content\r\nx: 1\r\n\r\n', { status: 204, body: '', isLast: false }],
    [
      'in chunks, with an extension and a trailer',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n4\r\n{"a"\r\nA;x=y\r\n:"bcdefgh"\r\n1\r\n}\r\n0\r\nx-sum: 1\r\n\r\n',
      { status: 200, body: '{"a":"bcdefgh"}', isLast: false },
    ],
    [
      'that ends with its connection',
      'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nall of it',
      { status: 200, body: 'all of it', isLast: true },
    ],
    [
      'after one that only announces it',
      'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 400 Bad\r\ncontent-length: 2\r\n\r\n{}',
      { status: 400, body: '{}', isLast: false },
    ],
    [
      'whose server closes the connection',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}',
      { status: 200, body: '{}', isLast: true },
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}', { status: 200, body: '{}', isLast: true }],
  ])('%s', ([, text, expected]) => {
    for (const pieceBytes of [ALL, Math.ceil(text.length / 2), 1]) expect(readIn(pieceBytes, text)).toEqual([expected])
  })
})

it('two answers one after the other are two, and bytes after an answer end the connection', () => {
  const one = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'
  const reader = new AnswerReader(BYTES_MAX)

  expect(reader.read(Buffer.from(one))).toMatchObject({ isLast: false })
  expect(reader.read(Buffer.from(`${one}HTTP`))).toMatchObject({ isLast: true })
})

it('a body in very small chunks needs little more memory than its bytes', async () => {
  const url = JSON.stringify(new URL('answer-reader.ts', import.meta.url))
  const program = `
    const { AnswerReader } = await import(${url})
    const reader = new AnswerReader(1e6)
    reader.read(Buffer.from('HTTP/1.1 200 OK\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n'))
    const piece = Buffer.from('1\\r\\nx\\r\\n'.repeat(10_000))
    for (let bytes = 0; bytes < 400_000; bytes += 10_000) reader.read(piece)
    const { body } = reader.read(Buffer.from('0\\r\\n\\r\\n'))
    const { parentPort } = await import('node:worker_threads')
    parentPort.postMessage(body.length)`
  const worker = new Worker(program, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 20 } })

  expect(await once(worker, 'message')).toEqual([400_000])
})

it('the server says how long it keeps the connection, less a margin for the next request on its way', () => {
  const head = (more: string) =>
    new AnswerReader(BYTES_MAX).read(Buffer.from(`HTTP/1.1 200 OK\r\n${more}content-length: 0\r\n\r\n`))!.head

  expect(head('').keepAliveMs).toBe(Number.POSITIVE_INFINITY)
  expect(head('Keep-Alive: timeout=5, max=100\r\n').keepAliveMs).toBe(4_000)
  expect(head('keep-alive: timeout=1\r\n').keepAliveMs).toBe(0)
})

describe('what could be taken for another answer is refused:', () => {
  it.for<[string, string]>([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\ncontent-length: 0\r\n\r\n'],
    ['a status that does not exist', 'HTTP/1.1 099 Soon\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a status line that ends without CR', 'HTTP/1.1 200 OK\ncontent-length: 3\r\ncontent-length: 2\r\n\r\n{}'],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ['a line that is no header', 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'],
    ['a space before a colon', 'HTTP/1.1 200 OK\r\ntransfer-encoding : chunked\r\ncontent-length: 2\r\n\r\n{}'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nx: y\r\n content-length: 3\r\ncontent-length: 2\r\n\r\n{}'],
    ['a line end without CR', 'HTTP/1.1 200 OK\r\nx: y\ncontent-length: 3\r\ncontent-length: 2\r\n\r\n{}'],
    ['a NUL', 'HTTP/1.1 200 OK\r\nx: \0\r\ncontent-length: 2\r\n\r\n{}'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: 0x10\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
    ['a length beside chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
    ['an unknown transfer coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n'],
    ['a chunk whose size ends without CR', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{}\r\n'],
    ['a body that is announced too large', 'HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n'],
    [
      'chunks that are together too large',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1001)}`,
    ],
    ['a body to the end that is too large', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1001)}`],
    ['a head that is too long', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(4_000)}content-length: 0\r\n\r\n`],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(4_000)}`],
  ])('%s', ([, text]) => {
    expect(() => readIn(ALL * 100, text)).toThrow(expect.objectContaining({ name: 'UnreadableAnswerError' }))
    expect(() => readIn(7, text)).toThrow(expect.objectContaining({ name: 'UnreadableAnswerError' }))
  })
})
