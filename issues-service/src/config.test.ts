import { describe, expect, it } from 'vitest'
import { readDatabaseConfig } from './config.ts'

const [OLD, NEW, NEWEST] = ['ab', 'cd', 'ef'].map((byte) => byte.repeat(32)) as [string, string, string]

describe('the previous keys of the configuration', () => {
  const environment = { MONGODB_URI: 'mongodb://db', ENCRYPTION_KEY: NEW, BLIND_INDEX_KEY: NEWEST }
  const read = (previous: string) => readDatabaseConfig({ ...environment, ENCRYPTION_KEY_PREVIOUS: previous }).keys

  it('are a list with commas, which may be empty', () => {
    expect(read('').previousEncryptionKeys).toEqual([])
    expect(read(`${OLD}, ${NEWEST}`).previousEncryptionKeys).toEqual([OLD, NEWEST])
  })

  it.for([
    ['one that is too short', 'ab'],
    ['a comma at the end', `${OLD},`],
    ['another separator', `${OLD};${NEWEST}`],
    ['more than ten', Array(11).fill(OLD).join(',')],
  ] as const)('are refused with %s, and not repeated', ([, previous]) => {
    const expected = 'at most 10 keys of 64 hexadecimal digits, with commas between them'
    expect(() => read(previous)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(new RegExp(`ENCRYPTION_KEY_PREVIOUS must be ${expected}$`)),
      }),
    )
  })
})
