import { expect, it } from 'vitest'
import { NAMES_NOTHING, ROWS_OF_FIELD, rootFieldsWithArguments } from './unknown-ids.ts'

/** The rows themselves run in way-of-an-issue.e2e.test.ts, on the system that it starts. */
it('every root field that takes the name of a thing has a row for one that is not there', () => {
  expect([...Object.keys(ROWS_OF_FIELD), ...NAMES_NOTHING].sort()).toEqual([...rootFieldsWithArguments()].sort())
})
