import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'vitest'

/** A directory that is gone when the test is over. */
export function createTemporaryDirectory({ onTestFinished }: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'redress-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
