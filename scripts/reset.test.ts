import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromRoot } from './repository.ts'
import { readOrCreateKeys } from './stack/keys/keys.ts'
import { lockDataDirectory } from './stack/lock.ts'
import { createTemporaryDirectory } from './testing/temporary-directory.ts'

const reset = (REDRESS_DATA: string, ...options: readonly string[]) =>
  spawnSync(process.execPath, [fromRoot('scripts/reset.ts'), ...options], {
    env: { PATH: process.env.PATH, REDRESS_DATA },
    encoding: 'utf8',
  })

describe('npm run reset', () => {
  it('removes the data directory', (test) => {
    const directory = createTemporaryDirectory(test)
    lockDataDirectory(directory)()

    expect(reset(directory, '--yes')).toMatchObject({ status: 0, stdout: `Removed ${directory}.\n` })
    expect(existsSync(directory)).toBe(false)
  })

  it('keeps the keys unless they are named', (test) => {
    const directory = createTemporaryDirectory(test)
    const keys = readOrCreateKeys(directory, {})
    mkdirSync(`${directory}/redis`)
    for (const file of ['devdb.sqlite', 'dev.json', 'redis/a.aof']) writeFileSync(`${directory}/${file}`, '')

    expect(reset(directory, '--yes')).toMatchObject({ status: 0, stdout: expect.stringContaining('keys were kept') })
    expect(readdirSync(directory).sort()).toEqual(['jwt-public.pem', 'keys.json'])
    expect(readOrCreateKeys(directory, {})).toEqual(keys)

    expect(reset(directory, '--yes', '--keys')).toMatchObject({ status: 0, stdout: `Removed ${directory}.\n` })
    expect(existsSync(directory)).toBe(false)
  })

  it('removes nothing without a yes', (test) => {
    const directory = createTemporaryDirectory(test)
    readOrCreateKeys(directory, {})

    expect(reset(directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('add --yes') })
    expect(existsSync(`${directory}/keys.json`)).toBe(true)
  })

  it('refuses while a stack runs', (test) => {
    const directory = createTemporaryDirectory(test)
    test.onTestFinished(lockDataDirectory(directory))

    expect(reset(directory, '--yes')).toMatchObject({ status: 1, stderr: expect.stringContaining('already runs') })
    expect(existsSync(directory)).toBe(true)
  })

  it('leaves a foreign directory alone', (test) => {
    const directory = createTemporaryDirectory(test)
    writeFileSync(`${directory}/thesis.txt`, 'years of work')

    expect(reset(directory, '--yes')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('does not look like'),
    })
    expect(existsSync(`${directory}/thesis.txt`)).toBe(true)
  })
})
