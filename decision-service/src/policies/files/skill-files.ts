import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParsedPolicy, type Policy, parsePolicy } from './parse-policy.ts'
import { FILES_BYTES_MAX, FILES_MAX } from './skill-files-check.ts'
import { problemOf, type SkillProblem } from './skill-problem.ts'

/** The skills of a directory; `broken` names the folders whose problems are listed. */
export type Reading = Readonly<{
  policies: readonly Policy[]
  broken: readonly string[]
  problems: readonly SkillProblem[]
}>

const FOLDERS_MAX = 50

/** Changes whenever a file of a skill is written, replaced, added or removed. */
export async function takeFingerprint(directory: string): Promise<string> {
  try {
    const folders = await listFolders(directory)
    const lines = folders.map(async (folder) => {
      const paths = await listPaths(join(directory, folder))
      return Promise.all(paths.map((path) => describePath(directory, `${folder}/${path}`)))
    })
    return [folders, ...(await Promise.all(lines))].flat().join('\n')
  } catch (error) {
    return String(error) // Not readable is a state, too, and is reported once.
  }
}

/** A folder is its path: its times also change with files that are not part of a skill. */
async function describePath(directory: string, path: string): Promise<string> {
  const found = await stat(join(directory, path), { bigint: true })
  const { mtimeNs, ctimeNs, size, ino } = found
  return found.isFile() ? [path, mtimeNs, ctimeNs, size, ino].join(' ') : path
}

export async function readSkills(directory: string): Promise<Reading> {
  try {
    const folders = await listFolders(directory)
    const read = await Promise.all(folders.map((folder) => readFolder(directory, folder)))
    return {
      policies: read.flatMap((one) => ('policy' in one ? [one.policy] : [])),
      broken: folders.filter((_, index) => 'problems' in read[index]!),
      problems: read.flatMap((one) => ('problems' in one ? one.problems : [])),
    }
  } catch (error) {
    return { policies: [], broken: ['.'], problems: [problemOf('.', `cannot be read: ${toMessage(error)}`)] }
  }
}

async function readFolder(directory: string, folder: string): Promise<ParsedPolicy> {
  try {
    const files = await listFiles(directory, folder)
    await checkSizes(files.map((file) => join(directory, folder, file)))
    const contents = await Promise.all(files.map((file) => readFile(join(directory, folder, file))))
    const texts = contents.map(toText)
    const binary = files.filter((_, index) => texts[index] === null)
    if (binary.length > 0) {
      return { problems: binary.map((file) => problemOf(`${folder}/${file}`, 'is not text in UTF-8')) }
    }
    return parsePolicy(folder, new Map(files.map((file, index) => [file, texts[index]!])))
  } catch (error) {
    return { problems: [problemOf(folder, `cannot be read: ${toMessage(error)}`)] }
  }
}

async function listFolders(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter(isOurs).sort()
  const kinds = await Promise.all(names.map((name) => stat(join(directory, name))))
  const folders = names.filter((_, index) => kinds[index]!.isDirectory())
  if (folders.length > FOLDERS_MAX) throw new Error(`more than ${FOLDERS_MAX} folders`)
  return folders
}

async function listFiles(directory: string, folder: string): Promise<readonly string[]> {
  const root = join(directory, folder)
  const paths = await listPaths(root)
  const kinds = await Promise.all(paths.map((path) => stat(join(root, path))))
  return paths.filter((_, index) => kinds[index]!.isFile())
}

/** Files and folders by their paths with `/`, in a fixed order, whatever the file system says. */
async function listPaths(root: string): Promise<readonly string[]> {
  const paths = await readdir(root, { recursive: true })
  const ours = paths.map((path) => path.replaceAll('\\', '/')).filter((path) => path.split('/').every(isOurs))
  if (ours.length > FILES_MAX) throw new Error(`more than ${FILES_MAX} files`)
  return ours.sort()
}

/** Hidden files and the copies that editors leave beside what they write are not part of a skill. */
const isOurs = (name: string): boolean => !name.startsWith('.') && !name.endsWith('~')

async function checkSizes(paths: readonly string[]): Promise<void> {
  const kinds = await Promise.all(paths.map((path) => stat(path)))
  const bytes = kinds.reduce((sum, { size }) => sum + size, 0)
  if (bytes > FILES_BYTES_MAX) throw new Error(`files of more than ${FILES_BYTES_MAX} bytes together`)
}

/** Null for what is not UTF-8. The mark that some editors begin with stays, so that the digest is that of the bytes. */
function toText(content: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    return null
  }
}

const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))
