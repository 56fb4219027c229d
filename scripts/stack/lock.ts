import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StackError } from './failure.ts'

/**
 * Locks the data directory until the returned function is called or the process ends. The lock is SQLite's, which the
 * kernel releases with the process; a file with a process id could outlive its owner.
 * @throws StackError when another stack has the lock.
 */
export function lockDataDirectory(dataDirectory: string): () => void {
  const lock = new DatabaseSync(join(dataDirectory, 'stack.lock'))
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new StackError(
      `Redress already runs on ${dataDirectory}. Stop it, or set REDRESS_DATA to another directory.`,
      {
        cause,
      },
    )
  }
  return () => {
    if (lock.isOpen) lock.close()
  }
}
