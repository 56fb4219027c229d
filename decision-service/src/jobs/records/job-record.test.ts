import { expect, it } from 'vitest'
import { type JobAction, type JobStatus, TRANSITIONS } from './job-record.ts'

// Written by hand, not derived from TRANSITIONS: this table is the agreement, that one the code.
const ALLOWED: readonly (readonly [JobStatus, JobAction, JobStatus])[] = [
  ['PENDING', 'begin', 'PROCESSING'],
  ['PENDING', 'fail', 'FAILED'],
  ['PENDING', 'cancel', 'CANCELLED'],
  ['PROCESSING', 'begin', 'PROCESSING'],
  ['PROCESSING', 'handBack', 'PENDING'],
  ['PROCESSING', 'complete', 'COMPLETED'],
  ['PROCESSING', 'fail', 'FAILED'],
  ['PROCESSING', 'cancel', 'CANCELLED'],
  ['FAILED', 'retry', 'PENDING'],
]

it('a job changes only as agreed', () => {
  const inCode = Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row).map(([action, to]) => [from, action, to]),
  )

  expect(inCode.sort()).toEqual([...ALLOWED].map((row) => [...row]).sort())
})
