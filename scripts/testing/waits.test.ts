import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromRoot } from '../repository.ts'

/** The waits of `vi` give up after a second by default; `expect.poll` has the timeout of vitest.config.ts. */
const WAIT_OF_ITS_OWN = /\bvi\.wait(?:For|Until)\(|\{ (?:interval: \w+, )?timeout: (?:[1-5]?\d_\d{3}|\d{1,5})\b/g

it('no test waits less long for a condition than the others do', () => {
  const files = globSync('*/**/{*.test.ts,test/**/*.ts}', { cwd: fromRoot('.'), exclude: ['**/node_modules/**'] })
  const waits = files.flatMap((file) =>
    [...readFileSync(fromRoot(file), 'utf8').matchAll(WAIT_OF_ITS_OWN)].map(([wait]) => `${file}: ${wait}`),
  )

  expect(files.length).toBeGreaterThan(300)
  expect(waits).toEqual([])
})
