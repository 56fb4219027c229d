import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromRoot } from '../../repository.ts'

/** The files of an older commit with its dependencies, in a temporary worktree that is removed on disposal. */
export function checkOut(commit: string): Readonly<{ root: string }> & Disposable {
  const directory = mkdtempSync(join(tmpdir(), 'redress-older-'))
  const root = join(directory, 'tree')
  const git = (...command: readonly string[]) => execFileSync('git', command, { cwd: fromRoot('.'), stdio: 'pipe' })
  const remove = () => {
    git('worktree', 'remove', '--force', root)
    rmSync(directory, { recursive: true })
  }

  git('worktree', 'add', '--detach', root, commit)
  try {
    execFileSync(process.execPath, ['scripts/bootstrap.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    remove()
    throw error
  }
  return { root, [Symbol.dispose]: remove }
}
