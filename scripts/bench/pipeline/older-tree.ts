import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromRoot } from '../../repository.ts'

/** The files of an older commit with its dependencies, in a temporary worktree that is removed on disposal. */
export function checkOut(commit: string): Readonly<{ root: string }> & Disposable {
  const root = join(mkdtempSync(join(tmpdir(), 'redress-older-')), 'tree')
  const git = (...command: readonly string[]) => execFileSync('git', command, { cwd: fromRoot('.'), stdio: 'pipe' })
  const remove = () => void git('worktree', 'remove', '--force', root)

  git('worktree', 'add', '--detach', root, commit)
  try {
    execFileSync(process.execPath, ['scripts/bootstrap.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    remove()
    throw error
  }
  return { root, [Symbol.dispose]: remove }
}
