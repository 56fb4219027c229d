import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBatch } from '../src/storage/batch.ts'
import { openFile } from '../src/storage/file.ts'
import { openRedoLog } from '../src/storage/redo-log.ts'
import { openStorage, type Storage } from '../src/storage/storage.ts'

const bytes = (text: string) => Buffer.from(text)

describe('the redo log', () => {
  let directory: string
  let path: string
  let storage: Storage

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'devdb-'))
    path = join(directory, 'db')
    storage = openStorage(path)
  })
  afterEach(() => {
    storage.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const put = (id: string, body: string) => storage.put(1, bytes(id), bytes(body), null)
  const readIn = (opened: Storage, id: string) => {
    const body = opened.get(1, bytes(id))
    return body && Buffer.from(body).toString()
  }
  /** The files as a crash leaves them. SQLite has none of the writes, because it commits rarely. */
  const copyFiles = (from = path) => {
    const copy = join(directory, 'copy')
    for (const suffix of ['', '-journal', '-redo'])
      if (existsSync(from + suffix)) copyFileSync(from + suffix, copy + suffix)
    return copy
  }
  const readCopy = (copy: string, ...ids: string[]) => {
    const opened = openStorage(copy)
    const found = ids.map((id) => readIn(opened, id))
    opened.close()
    return found
  }

  it('gives back what was committed, in its order, when the server has crashed', () => {
    put('a', 'first')
    put('b', 'second')
    storage.commit()
    put('a', 'third')
    storage.remove(1, bytes('b'), null)
    storage.commit()
    put('c', 'not committed')

    expect(readCopy(copyFiles(), 'a', 'b', 'c')).toEqual(['third', null, null])
  })

  it('gives back what SQLite had committed only in part', () => {
    const other = join(directory, 'other')
    const opened = openStorage(other, (file) => {
      const database = openFile(file)
      database.exec('PRAGMA cache_spill = ON; PRAGMA cache_size = 10') // Pages are written before the commit.
      return database
    })
    for (let n = 0; n < 100; n++) opened.put(1, bytes(`${n}`), bytes('x'.repeat(10_000)), null)
    opened.commit()
    const copy = copyFiles(other)
    const written = statSync(copy).size
    const journal = statSync(`${copy}-journal`).size
    opened.close()

    const found = readCopy(copy, '0', '50', '99')

    expect(written).toBeGreaterThan(500_000)
    expect(journal).toBeGreaterThan(0)
    expect(found.map((body) => body?.length)).toEqual([10_000, 10_000, 10_000])
  })

  it('ends before a batch that was not written to its end, or whose bytes are wrong', () => {
    put('a', 'first')
    storage.commit()
    const whole = statSync(`${path}-redo`).size
    put('b', 'second')
    storage.commit()
    const copy = copyFiles()
    const log = readFileSync(`${copy}-redo`)

    truncateSync(`${copy}-redo`, log.length - 1)
    expect(readCopy(copy, 'a', 'b')).toEqual(['first', null])
    const other = copyFiles()
    log[whole + 30]! ^= 1
    writeFileSync(`${other}-redo`, log)
    expect(readCopy(other, 'a', 'b')).toEqual(['first', null])
  })

  it('of another database is not read', () => {
    put('a', 'first')
    storage.commit()
    const copy = copyFiles()
    rmSync(copy)

    expect(readCopy(copy, 'a')).toEqual([null])
  })

  it('is not read again when SQLite has committed what it has', () => {
    put('a', 'first')
    storage.commit()
    const copy = copyFiles()
    const log = readFileSync(`${copy}-redo`)
    const opened = openStorage(copy)
    opened.put(1, bytes('a'), bytes('later'), null)
    opened.close()
    writeFileSync(`${copy}-redo`, log)

    expect(readCopy(copy, 'a')).toEqual(['later'])
  })

  it('that cannot be written has its batch undone, and keeps those before it', () => {
    const file: DatabaseSync = openFile(join(directory, 'other'))
    const log = openRedoLog(join(directory, 'other-redo'), { salt: 1, sequence: 0 })
    let isFull = false
    let reads = 0
    const batch = createBatch(file, {
      ...log,
      write() {
        if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        log.write()
      },
      probe() {
        if (isFull) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        log.probe()
      },
      read() {
        reads++
        return log.read()
      },
    })
    const write = batch.prepare("INSERT OR REPLACE INTO catalog VALUES (?, 'x')")
    const names = () =>
      file
        .prepare('SELECT name FROM catalog ORDER BY name')
        .all()
        .map((row) => row.name)

    write('before')
    batch.commit()
    isFull = true
    write('refused')
    expect(() => batch.commit()).toThrow(expect.objectContaining({ code: 14031 }))
    for (let again = 0; again < 3; again++) {
      expect(() => write('refused again')).toThrow(expect.objectContaining({ code: 14031 }))
    }
    const whenFull = names()
    isFull = false
    write('after')
    batch.commit()
    batch.settle()
    log.close()

    expect(whenFull).toEqual(['before'])
    expect(reads).toBe(1) // Only the first refusal had something to undo.
    expect(names()).toEqual(['after', 'before'])
    file.close()
  })

  it.for<[string, object, number]>([
    ['has no room', { code: 'ENOSPC' }, 14031],
    ['has no room for this user', { code: 'EDQUOT' }, 14031],
    ['fails', { code: 'EIO' }, 14031],
    ['fails for SQLite', { errcode: 778 }, 14031],
    ['has no room for SQLite', { errcode: 13 }, 14031],
    ['may not be written', { errcode: 8 }, 96],
  ])('on a disk that %s is refused with a code that says whether to wait', ([, facts, code]) => {
    const file = openFile(join(directory, 'other'))
    const log = openRedoLog(join(directory, 'other-redo'), { salt: 1, sequence: 0 })
    const batch = createBatch(file, {
      ...log,
      write() {
        throw Object.assign(new Error('refused'), facts)
      },
    })

    batch.prepare("INSERT INTO catalog VALUES (?, 'x')")('refused')

    expect(() => batch.commit()).toThrow(expect.objectContaining({ code }))
    log.close()
    file.close()
  })
})
