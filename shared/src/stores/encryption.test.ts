import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDataKey, decryptField, encryptField, readMasterKeys, unwrapDataKey, wrapDataKey } from './encryption.ts'

const master = readMasterKeys({ encryptionKey: 'ab'.repeat(32) })
const dataKey = createDataKey()

describe('an encrypted field', () => {
  it('decrypts to the original', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, place) => {
        expect(decryptField(encryptField(plain, dataKey, place), dataKey, place)).toBe(plain)
      }),
    )
  })

  it('is different each time, so that equal values cannot be recognised', () => {
    expect(encryptField('ada@example.com', dataKey, 'c:email')).not.toBe(
      encryptField('ada@example.com', dataKey, 'c:email'),
    )
  })

  it('does not open at another place', () => {
    const sealed = encryptField('ada@example.com', dataKey, 'cust_1:email')

    expect(() => decryptField(sealed, dataKey, 'cust_2:email')).toThrow(
      expect.objectContaining({ name: 'DecryptionError' }),
    )
  })

  it('does not open after any bit of it was changed', () => {
    const [version, body] = encryptField('ada', dataKey, 'c').split('.') as [string, string]
    const bytes = Buffer.from(body, 'base64url')
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes)
      changed[index]! ^= 1

      const open = () => decryptField(`${version}.${changed.toString('base64url')}`, dataKey, 'c')

      expect(open).toThrow(expect.objectContaining({ name: 'DecryptionError' }))
    }
  })
})

describe('a data key', () => {
  it('unwraps for its owner with the master key that wrapped it', () => {
    expect(unwrapDataKey(wrapDataKey(dataKey, master, 'cust_1'), master, 'cust_1')).toEqual(dataKey)
  })

  it('does not unwrap for another owner', () => {
    const wrapped = wrapDataKey(dataKey, master, 'cust_1')

    expect(() => unwrapDataKey(wrapped, master, 'cust_2')).toThrow(expect.objectContaining({ name: 'DecryptionError' }))
  })

  it('names its master key, which distinguishes a wrong key from damage', () => {
    const wrapped = wrapDataKey(dataKey, master, 'cust_1')
    const other = readMasterKeys({ encryptionKey: 'cd'.repeat(32) })

    expect(() => unwrapDataKey(wrapped, other, 'cust_1')).toThrow(
      `wrapped by the master key with the id ${master.current.id}, which is neither`,
    )
  })

  it('unwraps with any previous master key, and is wrapped by the current one', () => {
    const previousEncryptionKeys = ['ef'.repeat(32), 'ab'.repeat(32)]
    const both = readMasterKeys({ encryptionKey: 'cd'.repeat(32), previousEncryptionKeys })

    expect(unwrapDataKey(wrapDataKey(dataKey, master, 'cust_1'), both, 'cust_1')).toEqual(dataKey)
    expect(() => unwrapDataKey(wrapDataKey(dataKey, both, 'cust_1'), master, 'cust_1')).toThrow(both.current.id)
  })
})
