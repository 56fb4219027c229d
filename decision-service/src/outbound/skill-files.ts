import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type ParsedSkill, parseSkill } from '../engines/parse-skill.ts'
import type { Skill } from '../engines/skill.ts'
import type { SkillProblem } from '../engines/skill-problem.ts'

/** What a directory of skills holds; `broken` names the folders whose problems are listed. */
export type Reading = Readonly<{
  skills: readonly Skill[]
  broken: readonly string[]
  problems: readonly SkillProblem[]
}>

const FOLDERS_MAX = 50
const FILES_MAX = 100
const FILE_BYTES_MAX = 1_000_000

/** Changes whenever a file of a skill is written, replaced, added or removed. */
export async function takeFingerprint(directory: string): Promise<string> {
  try {
    const folders = await listFolders(directory)
    const lines = folders.map(async (folder) => {
      const files = await listFiles(directory, folder)
      return Promise.all(files.map((file) => describeFile(directory, `${folder}/${file}`)))
    })
    return [folders, ...(await Promise.all(lines))].flat().join('\n')
  } catch (error) {
    return String(error) // Not readable is a state, too, and is reported once.
  }
}

async function describeFile(directory: string, file: string): Promise<string> {
  const { mtimeNs, ctimeNs, size, ino } = await stat(join(directory, file), { bigint: true })
  return [file, mtimeNs, ctimeNs, size, ino].join(' ')
}

export async function readSkills(directory: string): Promise<Reading> {
  try {
    const folders = await listFolders(directory)
    const read = await Promise.all(folders.map((folder) => readSkill(directory, folder)))
    return {
      skills: read.flatMap((one) => ('skill' in one ? [one.skill] : [])),
      broken: folders.filter((_, index) => 'problems' in read[index]!),
      problems: read.flatMap((one) => ('problems' in one ? one.problems : [])),
    }
  } catch (error) {
    return { skills: [], broken: ['.'], problems: [toProblem('.', `cannot be read: ${toMessage(error)}`)] }
  }
}

async function readSkill(directory: string, folder: string): Promise<ParsedSkill> {
  try {
    const files = await listFiles(directory, folder)
    const contents = await Promise.all(files.map((file) => readWhole(join(directory, folder, file))))
    return parseSkill(folder, new Map(files.map((file, index) => [file, contents[index]!])))
  } catch (error) {
    return { problems: [toProblem(folder, `cannot be read: ${toMessage(error)}`)] }
  }
}

async function listFolders(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter(isOurs).sort()
  const kinds = await Promise.all(names.map((name) => stat(join(directory, name))))
  const folders = names.filter((_, index) => kinds[index]!.isDirectory())
  if (folders.length > FOLDERS_MAX) throw new Error(`more than ${FOLDERS_MAX} folders`)
  return folders
}

/** Paths with `/` in a fixed order, whatever the file system says. */
async function listFiles(directory: string, folder: string): Promise<readonly string[]> {
  const root = join(directory, folder)
  const paths = await readdir(root, { recursive: true })
  const ours = paths.map((path) => path.replaceAll('\\', '/')).filter((path) => path.split('/').every(isOurs))
  if (ours.length > FILES_MAX) throw new Error(`more than ${FILES_MAX} files`)
  const kinds = await Promise.all(ours.map((path) => stat(join(root, path))))
  return ours.filter((_, index) => kinds[index]!.isFile()).sort()
}

/** Hidden files and the copies that editors leave beside what they write are not part of a skill. */
const isOurs = (name: string): boolean => !name.startsWith('.') && !name.endsWith('~')

async function readWhole(path: string): Promise<Buffer> {
  const { size } = await stat(path)
  if (size > FILE_BYTES_MAX) throw new Error(`a file of more than ${FILE_BYTES_MAX} bytes`)
  return readFile(path)
}

const toProblem = (file: string, problem: string): SkillProblem => ({ file, line: null, path: '', problem })

const toMessage = (error: unknown): string => (error instanceof Error ? error.message : String(error))
