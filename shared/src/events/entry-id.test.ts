import { expect, it } from 'vitest'
import { compareEntryIds } from './entry-id.ts'

it('entries are ordered by moment and then by number, not as text', () => {
  const ids = ['10-2', '9-10', '9-9', '10-10', '0-0']

  expect(ids.sort(compareEntryIds)).toEqual(['0-0', '9-9', '9-10', '10-2', '10-10'])
})
