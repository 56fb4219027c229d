import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { CommandError } from '../errors.ts'
import type { RedoLog } from './redo-log.ts'
import type { Value } from './redo-runs.ts'

type Prepare = (sql: string) => (...values: Value[]) => void

/** How often writes that were not committed have been undone, and why the last time. */
export type Undone = Readonly<{ times: number; because: CommandError | null }>

export type Batch = Readonly<{
  prepare: Prepare
  /** Makes all writes since the last commit durable. @throws CommandError when they were undone instead. */
  commit(): void
  isOpen(): boolean
  undone(): Undone
  /** Calls back after writes have been undone, to have what was derived from them forgotten. */
  onUndone(listener: () => void): void
  /** Has SQLite commit everything that is durable. */
  settle(): void
}>

/** SQLite commits when the log has grown to this size. To repeat so many statements after a crash takes about a second. */
const LOG_BYTES_MAX = 16 * 1024 * 1024

/**
 * Gathers writes, and makes them durable in the redo log. SQLite has them in a transaction that it commits only now and
 * then: most pages are changed by many batches, and writing them once costs less than a third. When a write or the log
 * fails, all writes since the last commit are undone: SQLite rolls back, and the log repeats what was durable.
 */
export function createBatch(database: DatabaseSync, log: RedoLog): Batch {
  const open = createTurns(createOpen(database, log), log)
  const listeners: (() => void)[] = []
  let undone: Undone = { times: 0, because: null }
  const undo = (error: unknown): CommandError => {
    undone = { times: undone.times + 1, because: toCommandError(error) }
    log.discard()
    open.undo()
    for (const listener of listeners) listener()
    return undone.because!
  }
  return {
    prepare(sql) {
      const statement = database.prepare(sql)
      return (...values) => {
        try {
          open.begin()
          statement.run(...values)
        } catch (error) {
          throw undo(error)
        }
        log.add(sql, values)
      }
    },
    commit() {
      if (!log.isPending()) return
      try {
        open.write()
      } catch (error) {
        throw undo(error)
      }
      if (log.size() > LOG_BYTES_MAX) open.settle()
    },
    isOpen: log.isPending,
    undone: () => undone,
    onUndone: (listener) => listeners.push(listener),
    settle: open.settle,
  }
}

/** The transaction of SQLite that has what the log has, and what is not durable yet. */
function createOpen(database: DatabaseSync, log: RedoLog) {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const end = database.prepare('COMMIT')
  const note = database.prepare("UPDATE state SET value = ? WHERE name = 'sequence'")
  let open = false
  const repeat = () => {
    if (database.isTransaction) database.exec('ROLLBACK')
    open = log.size() > 0
    if (open) begin.run()
    if (open) runAgain(database, log)
  }
  /** Has SQLite commit what the log has. When it fails, the log still has everything, and a later try may succeed. */
  const settle = () => {
    if (log.size() === 0) return
    try {
      note.run(log.sequence())
      end.run()
      open = false
      log.clear()
    } catch {
      repeat()
    }
  }
  repeat()
  settle()
  return {
    repeat,
    settle,
    begin() {
      if (!open) begin.run()
      open = true
    },
  }
}

/** Repeats the log only when there is something to undo. While the disk is full, writes are refused before that. */
function createTurns({ begin, repeat, settle }: ReturnType<typeof createOpen>, log: RedoLog) {
  let touched = false
  let isRefused = false
  return {
    settle,
    begin() {
      if (isRefused) log.probe()
      isRefused = false
      touched = true
      begin()
    },
    write() {
      isRefused = true
      log.write()
      isRefused = false
      touched = false
    },
    undo() {
      if (touched) repeat()
      touched = false
    },
  }
}

function runAgain(database: DatabaseSync, log: RedoLog): void {
  const statements = new Map<string, StatementSync>()
  for (const { sql, values } of log.read()) {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    statement.run(...values)
  }
}

/** SQLite's primary codes, which are the lowest byte of its codes. */
const SQLITE_IOERR = 10
const SQLITE_FULL = 13

/**
 * A failing disk has the code of a full one, with which services hold their work: MongoDB would end, and be away for them.
 * With any other code the work fails.
 */
function toCommandError(error: unknown): CommandError {
  const { errcode = 0, code = '', message } = error as Error & { errcode?: number; code?: string }
  const primary = errcode & 0xff
  if (primary === SQLITE_FULL || code === 'ENOSPC' || code === 'EDQUOT') {
    return new CommandError(14031, 'The disk is full. Nothing of this command is stored.')
  }
  const refusal = `The disk refuses a write: ${message}. Nothing of this command is stored.`
  return new CommandError(primary === SQLITE_IOERR || code === 'EIO' ? 14031 : 96, refusal)
}
