import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Binary } from 'mongodb'

/** Longer texts are compressed. Bytes of UTF-8, nearly: characters. */
const PLAIN_MAX = 1_024

/** An object as a record holds it: as text, so that its keys may be any, or as compressed text. */
export type StoredJson = string | Binary

export function pack(value: object): StoredJson {
  const text = JSON.stringify(value)
  return text.length <= PLAIN_MAX ? text : new Binary(deflateRawSync(text))
}

export function unpack(stored: StoredJson): object {
  const text = typeof stored === 'string' ? stored : inflateRawSync(stored.buffer).toString()
  return JSON.parse(text)
}
