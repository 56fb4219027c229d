import fc from 'fast-check'

const { PROPERTY_RUNS } = process.env

/**
 * How often a property is tried that names no number itself, and with which cases. A test run tries the same cases each
 * time, so that a failure comes from the change under test. `PROPERTY_RUNS=1000` searches: with cases of its own each
 * time, and a failure prints their seed.
 */
fc.configureGlobal(PROPERTY_RUNS === undefined ? { numRuns: 30, seed: 1 } : { numRuns: Number(PROPERTY_RUNS) })
