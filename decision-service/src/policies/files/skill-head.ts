import { type } from 'arktype'
import { isNode, LineCounter, parseDocument } from 'yaml'
import { problemOf, type SkillProblem } from './skill-problem.ts'

/** The limit that the Agent Skills standard advises for a text that a model reads as a whole. */
export const LINES_MAX = 499

export const Name = type('/^[a-z0-9]+(-[a-z0-9]+)*$/ & string <= 64').describe(
  'lower-case words joined by hyphens, at most 64',
)
/** The frontmatter that the Agent Skills standard asks for, or allows. */
export const HEAD = {
  '+': 'reject',
  name: Name,
  description: '1 <= string <= 1024',
  license: 'string',
  'compatibility?': '1 <= string <= 500',
  'allowed-tools?': 'string',
} as const
/** The fields of every skill below `metadata`, where all values are text. */
export const METADATA = {
  '+': 'ignore',
  version: type('/^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$/').describe('a version such as "1.0.0"'),
  'effective-from': type('string.date.iso & /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/').describe('a date such as "2026-11-01"'),
} as const

const FRONTMATTER = /^---\r?\n([\s\S]*?)\r?\n---\r?\n([\s\S]*)$/
const CHAPTERS = ['Policy Rules', 'Output Format']
const HasRole = type({ metadata: { role: 'string' } })

/** A SKILL.md whose frontmatter is as it must be, or all that is wrong with it. */
type ReadSkillFile<Head> = Readonly<{ head: Head; body: string }> | Readonly<{ problems: readonly SkillProblem[] }>

type Expected<Head> = Readonly<{
  /** Relative to the folder of all skills. */
  file: string
  /** The name that it must have. */
  folder: string
  Head: (value: unknown) => Head | type.errors
}>

/** Reads the frontmatter of a SKILL.md, and checks the form of its body. */
export function readSkillFile<Head extends Readonly<{ name: string }>>(
  text: string,
  { file, folder, Head }: Expected<Head>,
): ReadSkillFile<Head> {
  const [, yaml, body] = FRONTMATTER.exec(text) ?? []
  if (yaml === undefined || body === undefined) {
    return { problems: [{ ...problemOf(file, 'must begin with a frontmatter between lines of ---'), line: 1 }] }
  }
  const { value, problems: syntax, lineOf } = parseHead(yaml)
  if (syntax.length > 0) return { problems: syntax.map(({ line, problem }) => ({ ...problemOf(file, problem), line })) }

  const head = Head(value)
  const misplaced = checkBody(body).map((problem) => problemOf(file, problem))
  if (head instanceof type.errors) {
    const wrong = [...head].map(({ path, problem }) => ({ file, line: lineOf(path), path: path.join('.'), problem }))
    return { problems: [...wrong, ...misplaced] }
  }
  if (head.name !== folder) {
    const problem = `must be the name of the folder, ${folder} (was "${head.name}")`
    misplaced.push({ ...problemOf(file, problem), path: 'name' })
  }
  return misplaced.length > 0 ? { problems: misplaced } : { head, body }
}

/**
 * The purpose of a skill without a type of issue, such as `arbiter`; null for a policy, and for a head that cannot be
 * read.
 */
export function roleOf(text: string): string | null {
  const yaml = FRONTMATTER.exec(text)?.[1]
  const role = HasRole(yaml === undefined ? null : parseHead(yaml).value)
  return role instanceof type.errors ? null : role.metadata.role
}

/** Far more than a policy needs: reading YAML takes the longer for each line the more of them there are. */
const HEAD_LENGTH_MAX = 10_000

/** The frontmatter's value, what is wrong with its YAML, and which line holds what. */
function parseHead(yaml: string) {
  if (yaml.length > HEAD_LENGTH_MAX) {
    const problem = `must have a frontmatter of at most ${HEAD_LENGTH_MAX} characters`
    return { value: null, problems: [{ line: 1, problem }], lineOf: () => 1 }
  }
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, logLevel: 'silent' })
  const problems = document.errors.map(({ linePos, message }) => ({
    line: linePos === undefined ? null : linePos[0].line + 1, // The line of --- comes before the first one here.
    problem: `is not valid YAML: ${(message.split('\n')[0] ?? '').replace(/:$/, '')}`,
  }))
  /** Where something is missing, the line of what should hold it. */
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node: unknown = path.length === 0 ? null : document.getIn(path, true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line + 1
    return path.length === 0 ? 2 : lineOf(path.slice(0, -1))
  }
  // No alias may stand for anything: a frontmatter of ten lines must not unfold to gigabytes.
  const value: unknown = problems.length > 0 ? null : document.toJS({ maxAliasCount: 0 })
  return { value, problems, lineOf }
}

function checkBody(body: string): readonly string[] {
  const lines = body.split('\n')
  const missing = CHAPTERS.filter((chapter) => !lines.some((line) => line.trim() === `## ${chapter}`))
  const problems = missing.map((chapter) => `needs the chapter "## ${chapter}"`)
  return lines.length > LINES_MAX
    ? [...problems, `must have at most ${LINES_MAX} lines below the frontmatter`]
    : problems
}
