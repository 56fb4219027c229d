import { BSON } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { createMessageReader } from '../src/protocol/wire.ts'
import { toMessage } from './raw-client.ts'

const read = (document: BSON.Document) => createMessageReader()(toMessage(document))[0]!.command

describe('a command in one section', () => {
  it('leaves documents to insert in the form in which they came, and decodes the rest', () => {
    const documents = [{ _id: 1, a: 1.5 }, { _id: 2 }]

    const command = read({ insert: 'c', documents, ordered: false })

    expect(Object.keys(command)[0]).toBe('insert')
    expect(command).toMatchObject({ insert: 'c', ordered: false })
    expect(command.documents).toEqual(documents.map((one) => Buffer.from(BSON.serialize(one))))
  })

  it('begins with its name, although a list comes first', () => {
    expect(Object.keys(read({ documents: [{ _id: 1 }], insert: 'c' }))[0]).toBe('documents')
  })

  it('may have a list of other values', () => {
    expect(read({ insert: 'c', documents: ['a'] }).documents).toEqual(['a'])
    expect(read({ insert: 'c', documents: 'a' }).documents).toBe('a')
  })
})
