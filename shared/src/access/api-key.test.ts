import { describe, expect, it } from 'vitest'
import { hashOfApiKey, isApiKey, readApiKeyId, toApiKeySecret } from './api-key.ts'

const ID = '0123456789abcdef0123'
// The bytes whose base64url has both of its special characters.
const SECRET = toApiKeySecret(ID, Buffer.alloc(32, 0xfb))

describe('an API key', () => {
  it('names its id, also where its random part has an underscore', () => {
    expect(SECRET).toContain('_-')
    expect(readApiKeyId(SECRET)).toBe(ID)
  })

  it.for(['', ID, SECRET.slice(0, -1), `${SECRET}a`, ` ${SECRET}`, `${SECRET}\n`, SECRET.replace('rdk', 'sk')])(
    'is not %j',
    (text) => {
      expect(readApiKeyId(text)).toBeNull()
    },
  )

  it('is recognised by its hash, and nothing else is', () => {
    const hash = hashOfApiKey(SECRET)

    expect(isApiKey(SECRET, hash)).toBe(true)
    expect(isApiKey(toApiKeySecret(ID, Buffer.alloc(32)), hash)).toBe(false)
    expect(['', 'zz', hash.slice(2), `${hash}00`].map((other) => isApiKey(SECRET, other))).toEqual(Array(4).fill(false))
  })
})
