import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'

/** Ten times a full page of issues with long notes. */
export const ANSWER_BYTES_MAX = 32 * 1024 * 1024
/** A server and a proxy in front of it. Each one more would multiply the work that a few bytes can ask for. */
const ENCODINGS_MAX = 2
const LIMIT = { maxOutputLength: ANSWER_BYTES_MAX }

type Decode = (body: Buffer) => Promise<Buffer>

const [decodeGzip, decodeDeflate, decodeBrotli, decodeZstd] = [
  promisify<Buffer, typeof LIMIT, Buffer>(gunzip),
  promisify<Buffer, typeof LIMIT, Buffer>(inflate),
  promisify<Buffer, typeof LIMIT, Buffer>(brotliDecompress),
  promisify<Buffer, typeof LIMIT, Buffer>(zstdDecompress),
]

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: (body) => decodeGzip(body, LIMIT),
  'x-gzip': (body) => decodeGzip(body, LIMIT),
  deflate: (body) => decodeDeflate(body, LIMIT),
  br: (body) => decodeBrotli(body, LIMIT),
  zstd: (body) => decodeZstd(body, LIMIT),
  identity: async (body) => body,
}

/**
 * The text of a body that was sent compressed, although the gateway asks for it as it is.
 * @param encoding the header `content-encoding`.
 * @throws for an unknown encoding, more than two, a damaged body, and one that is too large.
 */
export async function decodeBody(body: Buffer, encoding: string): Promise<string> {
  let decoded = body
  const names = encoding.split(',')
  if (names.length > ENCODINGS_MAX) throw new Error(`Answered in ${names.length} encodings.`)
  for (const name of names.reverse()) {
    const decode = DECODERS[name.trim().toLowerCase()]
    if (decode === undefined) throw new Error(`Answered in the unknown encoding ${name.trim()}.`)
    decoded = await decode(decoded)
  }
  return decoded.toString()
}
