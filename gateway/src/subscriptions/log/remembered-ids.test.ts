import { describe, expect, it } from 'vitest'
import { createRememberedIds } from './remembered-ids.ts'

describe('remembered ids', () => {
  it('are new once', () => {
    const ids = createRememberedIds(10)

    expect([ids.add('a'), ids.add('b'), ids.add('a')]).toEqual([true, true, false])
  })

  it('are forgotten in the end, the latest half never', () => {
    const ids = createRememberedIds(10)
    for (let number = 0; number < 100; number++) ids.add(`${number}`)

    expect([95, 96, 97, 98, 99].some((number) => ids.add(`${number}`))).toBe(false)
    expect(ids.add('0')).toBe(true)
  })
})
