import { spawnSync } from 'node:child_process'
import { closeSync, cpSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const SIZE_MB = 96
const CHUNKS_BYTES = [1024 * 1024, 4096, 1]

export type SmallDisk = Readonly<{
  path: string
  /** Takes all the room that is left. */
  fill: () => void
  /** Gives the room back. */
  free: () => void
  /** Unmounts it; `keepIn` receives a copy of its files. */
  remove: (keepIn: string | null) => void
}>

/** Only root may mount a file system. */
export const canMount = (): boolean => process.platform === 'linux' && process.getuid?.() === 0

/** A file system in memory with little room, at `path`. @throws Error where it cannot be mounted */
export function mountSmallDisk(path: string): SmallDisk {
  mkdirSync(path, { recursive: true })
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'redress-faults', path])
  if (status !== 0) throw new Error(`No small disk can be mounted: ${stderr}`)
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: () => writeUntilFull(ballast),
    free: () => rmSync(ballast, { force: true }),
    remove(keepIn) {
      rmSync(ballast, { force: true })
      if (keepIn !== null) cpSync(path, keepIn, { recursive: true })
      spawnSync('umount', ['--lazy', path])
    },
  }
}

function writeUntilFull(file: string): void {
  const descriptor = openSync(file, 'w')
  try {
    for (const bytes of CHUNKS_BYTES) writeAll(descriptor, Buffer.alloc(bytes))
  } finally {
    closeSync(descriptor)
  }
}

function writeAll(descriptor: number, chunk: Buffer): void {
  try {
    while (writeSync(descriptor, chunk) === chunk.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}
