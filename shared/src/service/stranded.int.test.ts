import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, it } from 'vitest'

const PROGRAM = new URL('../testing/stranded-process.ts', import.meta.url).pathname

it('a process that cannot reach a database which others reach ends, so that its supervisor starts it again', async () => {
  const run = promisify(execFile)(process.execPath, [PROGRAM, inject('mongoUri'), inject('redisUrl')])

  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('the database answers others, but not this process; ending to be started again'),
  })
})
