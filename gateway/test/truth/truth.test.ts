import { describe, expect, it } from 'vitest'
import { openWorld } from './truth.ts'

/** More by hand: npm run truth -- --operations 20000 */
const OPERATIONS = 12

describe('the gateway answers as one schema does on the same data', () => {
  // Chosen for what they have: interface objects, required fields with arguments, composite keys, overridden fields.
  it.for([11, 23, 104, 117])('on the random graph %i', async (seed) => {
    const world = (await openWorld(seed))!

    for (let operation = 0; operation < OPERATIONS; operation++) expect(await world.compare(operation)).toBeNull()
    await world.close()
  })
})
