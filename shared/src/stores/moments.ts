import { BadUserInputError } from '../errors.ts'
import { DAY_MS } from '../time.ts'

/** A range of time: `from` is included, `to` is not. `after` and `before` are the bounds of earlier versions, both excluded. */
export type TimeRange = Readonly<{
  from?: Date | null | undefined
  to?: Date | null | undefined
  after?: Date | null | undefined
  before?: Date | null | undefined
}>

/** The condition on a field of the database that holds within a range; undefined without a bound. */
export function within({ from, to, after, before }: TimeRange) {
  const [earliestEnd] = [to, before].filter((end) => end != null).sort((a, b) => a.getTime() - b.getTime())
  const condition = {
    ...(from && { $gte: from }),
    ...(after && { $gt: after }),
    ...(earliestEnd && { $lt: earliestEnd }),
  }
  return Object.keys(condition).length > 0 ? condition : undefined
}

/** @throws BadUserInputError for a range that is empty, or longer than `daysMax`. */
export function refuseRange({ from, to }: Readonly<{ from: Date; to: Date }>, daysMax: number): void {
  if (from >= to) throw new BadUserInputError(['to'], 'must be after from')
  if (to.getTime() - from.getTime() > daysMax * DAY_MS) {
    throw new BadUserInputError(['to'], `must be at most ${daysMax} days after from`)
  }
}
