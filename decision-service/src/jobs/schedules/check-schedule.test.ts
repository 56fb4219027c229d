import { BadUserInputError } from '@redress/shared/errors.ts'
import { describe, expect, it } from 'vitest'
import { JOBS } from '../frame/registry.ts'
import { checkSchedule } from './check-schedule.ts'
import type { ScheduleContent } from './schedule.ts'

const content: ScheduleContent = {
  name: 'cleanup-analytics',
  cron: '0 2 * * *',
  timeZone: 'UTC',
  type: 'cleanup-old-data',
  data: { dataType: 'analytics', olderThanDays: 90 },
  active: true,
  catchUp: true,
}

function pathsOf(change: Partial<ScheduleContent>): readonly string[] {
  try {
    checkSchedule({ ...content, ...change }, JOBS)
    return []
  } catch (error) {
    if (!(error instanceof BadUserInputError)) throw error
    return error.facts.problems.map(({ path }) => path.join('.'))
  }
}

describe('a schedule', () => {
  it('is accepted as it is described', () => {
    expect(pathsOf({})).toEqual([])
  })

  it.for<[Partial<ScheduleContent>, readonly string[]]>([
    [{ name: 'Cleanup' }, ['input.name']],
    [{ name: '' }, ['input.name']],
    [{ name: 'a'.repeat(101) }, ['input.name']],
    [{ cron: '0 25 * * *' }, ['input.cron']],
    [{ timeZone: 'Mars/Olympus' }, ['input.timeZone']],
    [{ type: 'nothing' }, ['input.type']],
    [{ type: 'toString' }, ['input.type']],
    // Its job is stored in one transaction with the issue.
    [{ type: 'decide-issue', data: { jobId: 'decide-1' } }, ['input.type']],
    [{ data: {} }, ['input.data.dataType', 'input.data.olderThanDays']],
    [{ data: { dataType: 'all', olderThanDays: 90 } }, ['input.data.dataType']],
    [{ data: { dataType: 'jobs', olderThanDays: 0 } }, ['input.data.olderThanDays']],
    [{ data: { dataType: 'jobs', olderThanDays: 1, more: true } }, ['input.data.more']],
    [{ data: { dataType: 'x'.repeat(4_000), olderThanDays: 1 } }, ['input.data']],
    [
      { name: 'a b', cron: '', timeZone: 'Mars', type: '' },
      ['input.name', 'input.cron', 'input.timeZone', 'input.type'],
    ],
  ])('with %j is refused at %j', ([change, paths]) => {
    expect(pathsOf(change)).toEqual(paths)
  })
})
