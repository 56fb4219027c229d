import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StackError } from './failure.ts'

/**
 * Takes the data directory for this process, until the returned function is called or the process ends.
 * SQLite's file lock is held by the kernel: unlike a file with a process id, it cannot outlive its holder.
 * @throws StackError when another stack has it.
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
