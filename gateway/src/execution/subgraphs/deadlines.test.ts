import { expect, it } from 'vitest'
import { type Bounded, Deadlines } from './deadlines.ts'

it('all that is on its way ends at its deadline, whatever has ended before', async () => {
  const deadlines = new Deadlines()
  const expired: string[] = []
  const start = (name: string, endsAt: number): Bounded => {
    const work: Bounded = {
      endsAt,
      place: 0,
      expire() {
        deadlines.delete(work)
        expired.push(name)
      },
    }
    deadlines.add(work)
    return work
  }

  const [first, , later, , moved] = [
    start('first', 0),
    start('second', 0),
    start('later', Number.POSITIVE_INFINITY),
    start('last', 0),
    start('moved', 0),
  ]
  // The place of the first is that of the moved one from here on.
  for (const ended of [first, moved, first]) deadlines.delete(ended)

  await expect.poll(() => expired.toSorted()).toEqual(['last', 'second'])
  deadlines.delete(later)
})
