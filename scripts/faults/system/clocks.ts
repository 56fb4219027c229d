import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const LIBRARIES = '/usr/lib'
const LIBRARY = 'faketime/libfaketimeMT.so.1'
/** A process reads its shift this often. */
const READ_EVERY_S = 1

export type Clocks = Readonly<{
  /** The variables under which a process has a clock of its own. */
  environmentOf: (process: string) => NodeJS.ProcessEnv
  /** Sets the clock of a process wrong by so much, while it runs; 0 sets it right. */
  shift: (process: string, shiftMs: number) => void
}>

/**
 * Clocks of processes by libfaketime, whose files are in `directory`; null where it is not installed. Time that is
 * measured, for waits and limits, goes on as it is: only the time of day is shifted.
 */
export function openClocks(directory: string): Clocks | null {
  const library = findLibrary()
  if (library === null) return null
  const fileOf = (process: string) => join(directory, `clock-${process}`)
  const shift = (process: string, shiftMs: number) => {
    const sign = shiftMs < 0 ? '-' : '+'
    writeFileSync(fileOf(process), `${sign}${Math.abs(shiftMs) / 1000}`)
  }
  return {
    shift,
    environmentOf(process) {
      shift(process, 0)
      return {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: fileOf(process),
        FAKETIME_CACHE_DURATION: String(READ_EVERY_S),
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }
    },
  }
}

function findLibrary(): string | null {
  if (process.platform !== 'linux') return null
  const folders = readdirSync(LIBRARIES).map((name) => join(LIBRARIES, name, LIBRARY))
  return folders.find((path) => existsSync(path)) ?? null
}
