import type { DatabaseSync } from 'node:sqlite'
import { CommandError } from '../errors.ts'

type Prepare = (sql: string) => (...values: (Uint8Array | string | number)[]) => void

/** How often writes that were not committed have been undone, and why the last time. */
export type Undone = Readonly<{ times: number; because: CommandError | null }>

export type Batch = Readonly<{
  prepare: Prepare
  commit(): void
  isOpen(): boolean
  undone(): Undone
  /** Calls back after writes have been undone, to have what was derived from them forgotten. */
  onUndone(listener: () => void): void
}>

/**
 * Gathers writes in one SQLite transaction: the first one after a commit begins it. When one fails, or the commit, all of
 * them are undone, because SQLite may have undone them already.
 */
export function createBatch(database: DatabaseSync): Batch {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')
  const listeners: (() => void)[] = []
  let undone: Undone = { times: 0, because: null }
  let open = false

  const guard = (work: () => void) => {
    try {
      work()
    } catch (error) {
      const because = toCommandError(error)
      undone = { times: undone.times + 1, because }
      open = false
      if (database.isTransaction) database.exec('ROLLBACK')
      for (const listener of listeners) listener()
      throw because
    }
  }
  return {
    prepare(sql) {
      const statement = database.prepare(sql)
      return (...values) =>
        guard(() => {
          if (!open) begin.run()
          open = true
          statement.run(...values)
        })
    },
    commit() {
      if (open) guard(() => end.run())
      open = false
    },
    isOpen: () => open,
    undone: () => undone,
    onUndone: (listener) => listeners.push(listener),
  }
}

const SQLITE_FULL = 13

function toCommandError(error: unknown): CommandError {
  const { errcode, message } = error as Error & { errcode?: number }
  if (errcode === SQLITE_FULL) return new CommandError(14031, 'The disk is full. Nothing of this command is stored.')
  return new CommandError(96, `The disk refuses a write: ${message}. Nothing of this command is stored.`)
}
