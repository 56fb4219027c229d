import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const LIFECYCLE = new URL('lifecycle.ts', import.meta.url)

it('a process whose clients are closed ends in order although one of them has left a socket open', async () => {
  const program = `
    import { createServer } from 'node:net'
    import { endAfterClosing } from '${LIFECYCLE}'
    createServer().listen(0, '127.0.0.1')
    endAfterClosing()`

  // Rejects where the exit code is not 0.
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])

  await expect(ended).resolves.toEqual({ stdout: '', stderr: '' })
})
