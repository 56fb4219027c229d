import { expect, it } from 'vitest'
import { checkVariables } from './check-variables.ts'

const listsWithin = (depth: number): unknown => (depth === 0 ? 1 : [listsWithin(depth - 1)])

it('lets a variable have ten levels, and no more', () => {
  expect(() => checkVariables({ a: listsWithin(10), b: null })).not.toThrow()
  expect(() => checkVariables({ a: listsWithin(11) })).toThrow(
    expect.objectContaining({ code: 'QUERY_TOO_LARGE', facts: { what: 'variableDepth', size: 11, limit: 10 } }),
  )
})

it('counts the values of all variables together', () => {
  const half = Array(4_999).fill({})

  expect(() => checkVariables({ a: half, b: half })).not.toThrow()
  expect(() => checkVariables({ a: half, b: [...half, 1] })).toThrow(
    expect.objectContaining({ code: 'QUERY_TOO_LARGE', facts: { what: 'variableNodes', size: 10_001, limit: 10_000 } }),
  )
})
