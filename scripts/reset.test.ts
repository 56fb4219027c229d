import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromRoot } from './repository.ts'
import { lockDataDirectory } from './stack/lock.ts'
import { createTemporaryDirectory } from './testing/temporary-directory.ts'

const reset = (REDRESS_DATA: string) =>
  spawnSync(process.execPath, [fromRoot('scripts/reset.ts'), '--yes'], {
    env: { PATH: process.env.PATH, REDRESS_DATA },
    encoding: 'utf8',
  })

describe('npm run reset', () => {
  it('removes the data directory', (test) => {
    const directory = createTemporaryDirectory(test)
    lockDataDirectory(directory)()

    expect(reset(directory)).toMatchObject({ status: 0, stdout: `Removed ${directory}.\n` })
    expect(existsSync(directory)).toBe(false)
  })

  it('refuses while a stack runs', (test) => {
    const directory = createTemporaryDirectory(test)
    test.onTestFinished(lockDataDirectory(directory))

    expect(reset(directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('already runs') })
    expect(existsSync(directory)).toBe(true)
  })

  it('leaves a foreign directory alone', (test) => {
    const directory = createTemporaryDirectory(test)
    writeFileSync(`${directory}/thesis.txt`, 'years of work')

    expect(reset(directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('does not look like') })
    expect(existsSync(`${directory}/thesis.txt`)).toBe(true)
  })
})
