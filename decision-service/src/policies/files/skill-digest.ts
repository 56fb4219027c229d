import { createHash } from 'node:crypto'

/**
 * sha256 over the files of a skill, in hex. Names and lengths are part of it, so that no two folders read as the same
 * bytes; the order in which files were found is not.
 */
export function digestOf(files: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256')
  for (const file of [...files.keys()].sort()) {
    const content = Buffer.from(files.get(file)!)
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}
