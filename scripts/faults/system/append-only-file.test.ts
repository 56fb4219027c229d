import { describe, expect, it } from 'vitest'
import { cutCommands } from './append-only-file.ts'

const command = (...words: readonly string[]) =>
  [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ''].join('\r\n')
const FILE = [command('SELECT', '0'), command('SET', 'colour', 'bl\r\nü'), command('DEL', 'colour')]
const content = Buffer.from(FILE.join(''))

describe('cutting an append-only file', () => {
  it.for<[number, readonly string[]]>([
    [0, FILE],
    [1, FILE.slice(0, 2)],
    [2, FILE.slice(0, 1)],
    [9, []],
  ])('by %i commands leaves those before them', ([count, left]) => {
    expect(cutCommands(content, count).toString()).toBe(left.join(''))
  })

  it('removes an unfinished command too', () => {
    expect(cutCommands(content.subarray(0, -3), 0).toString()).toBe(FILE.slice(0, 2).join(''))
  })
})
