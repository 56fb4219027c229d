import { type } from 'arktype'

/** A moment, or a day, as ISO 8601. JavaScript takes 30 February for 2 March, so its month must have the day. */
export const Moment = type('string.date.iso').narrow(
  (text, ctx) => hasDay(text) || ctx.reject({ expected: 'a date of the calendar' }),
)

const DAY = /^\d{4}-\d{2}-(\d{2})/

function hasDay(text: string): boolean {
  const [day, ofMonth] = DAY.exec(text) ?? []
  // Most days are in every month, and to read a date takes longer than the rest of the check.
  if (day === undefined || ofMonth! <= '28') return true
  return new Date(day).toJSON()?.startsWith(day) === true
}
