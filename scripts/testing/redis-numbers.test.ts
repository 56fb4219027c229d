import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromRoot } from '../repository.ts'

const NUMBER =
  /(?:REDIS|DATABASE|REDIS_DATABASE) = (\d+)\b|(?:openTestRedis|connectTestRedis|openTestBed|openJobBed)\((\d+)\b/g

it('each test file that uses the shared Redis has a logical database of its own', () => {
  const files = globSync('*/{src,test}/**/*.int.test.ts', { cwd: fromRoot('.') })
  const uses = files.flatMap((file) => {
    const numbers = [...readFileSync(fromRoot(file), 'utf8').matchAll(NUMBER)].map(
      ([, named, given]) => named ?? given!,
    )
    return [...new Set(numbers)].map((number) => ({ number, file }))
  })

  const shared = Object.values(Object.groupBy(uses, ({ number }) => number)).filter((group) => group!.length > 1)

  expect(uses.length).toBeGreaterThan(20)
  expect(shared).toEqual([])
})
