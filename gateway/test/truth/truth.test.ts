import { describe, expect, it } from 'vitest'
import { openWorld } from './truth.ts'

// More by hand: npm run truth -- --operations 20000
describe('the gateway answers as one schema does on the same data', () => {
  // Chosen for what they have: interface objects, `@provides`, composite keys, overridden fields, fields that fail.
  it.for([11, 23])('on the random graph %i', async (seed) => {
    const world = (await openWorld(seed))!

    for (let operation = 0; operation < 12; operation++) expect(await world.compare(operation)).toBeNull()
    await world.close()
  })

  it.for([
    [8, 34, 'a required field that another subgraph knows as external'],
    [36, 17, 'a computed field beside what it requires, which came by `@provides`'],
    [1014, 8, 'a chain of computed fields that begins and ends in one subgraph'],
    [3048, 46, 'an error at a field that the client has not selected, but named an alias after'],
    [74004, 10, 'an operation for which one of the compared plans cannot be made'],
    [20017, 31, 'a required field that the client asks for with arguments'],
    [130144, 21, 'a null that one fetch was answered and another one could not ask for'],
    [170060, 4, 'a fragment under a condition of which one fetch repeats the key only'],
    [85024, 40, 'a required field with arguments beside a computed field that a condition leaves out'],
  ] as const)('on the graph %i, operation %i: %s', async ([seed, operation]) => {
    const world = (await openWorld(seed))!

    expect(await world.compare(operation)).toBeNull()
    await world.close()
  })
})
