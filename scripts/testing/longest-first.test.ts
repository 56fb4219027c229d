import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromRoot } from '../repository.ts'
import { LONGEST } from './longest-first.ts'

it('the files that are to run first exist', () => {
  expect(LONGEST.filter((file) => !existsSync(fromRoot(file)))).toEqual([])
})
