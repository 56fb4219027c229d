import { createHash } from 'node:crypto'
import { type } from 'arktype'
import { type Path, parseLocatedJson } from '../rules/located-json.ts'
import { checkBody, FRONTMATTER, parseHead } from '../skill-document.ts'
import type { SkillProblem } from '../skill-problem.ts'
import { type Arbiter, RULES_VOTER, type Voter } from './arbiter.ts'

export type ParsedArbiter =
  | Readonly<{ ok: true; arbiter: Arbiter }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

/** What the Agent Skills standard advises for a body. */
const LINES_MAX = 500
const [SKILL_FILE, VOTERS_FILE] = ['SKILL.md', 'voters.json']

const Name = type('/^[a-z0-9]+(-[a-z0-9]+)*$/ & string <= 64').describe(
  'lower-case words joined by hyphens, at most 64',
)
const Weight = type('1 <= number.integer <= 100').describe('a whole number from 1 to 100')

/** After the Agent Skills standard, where everything below `metadata` is text. */
const Frontmatter = type({
  '+': 'reject',
  name: Name,
  description: '1 <= string <= 1024',
  license: 'string',
  'compatibility?': '1 <= string <= 500',
  'allowed-tools?': 'string',
  metadata: {
    '+': 'ignore',
    version: type('/^[0-9]+[.][0-9]+[.][0-9]+(-[0-9A-Za-z.-]+)?$/').describe('a version such as "1.0.0"'),
    role: "'arbiter'",
    'effective-from': type('string.date.iso & /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/').describe('a date such as "2026-11-01"'),
  },
})

const VotersDocument = type({
  '+': 'reject',
  voters: type({
    '+': 'reject',
    name: Name,
    weight: Weight,
    lens: type('/^references\\/[a-z0-9]+(-[a-z0-9]+)*[.]md$/').describe('a file such as references/fraud-and-cost.md'),
  })
    .array()
    .atLeastLength(2)
    .atMostLength(9),
  'rules?': { '+': 'reject', weight: Weight },
})

type Files = ReadonlyMap<string, string>
type Head = Pick<Arbiter, 'name' | 'description' | 'version' | 'effectiveFrom' | 'text'>
type Electorate = Pick<Arbiter, 'voters' | 'rulesWeight'>
/** What was read, or else what is wrong with it. */
type Read<T> =
  | Readonly<{ value: T; problems: readonly [] }>
  | Readonly<{ value: null; problems: readonly SkillProblem[] }>

/**
 * Reads the folder of an arbiter; one with any problem is refused as a whole, with all of its problems.
 * @param files what the folder holds, by the path within it, such as `voters.json`.
 */
export function parseArbiter(files: Files, folder = 'arbiter'): ParsedArbiter {
  const head = readHead(files, folder)
  const electorate = readVoters(files, folder)
  if (head.value === null || electorate.value === null) {
    return { ok: false, problems: [...head.problems, ...electorate.problems] }
  }
  return { ok: true, arbiter: { ...head.value, ...electorate.value, digest: toDigest(files) } }
}

function readHead(files: Files, folder: string): Read<Head> {
  const file = `${folder}/${SKILL_FILE}`
  const text = files.get(SKILL_FILE)
  if (text === undefined) return refused([{ file, line: null, path: '', problem: 'is missing' }])
  const [, head, body] = FRONTMATTER.exec(text) ?? []
  if (head === undefined || body === undefined) {
    return refused([{ file, line: 1, path: '', problem: 'must begin with a frontmatter between lines of ---' }])
  }
  const { value, problems: syntax, lineOf } = parseHead(head)
  if (syntax.length > 0) return refused(syntax.map((one) => ({ file, path: '', ...one })))

  const fields = Frontmatter(value)
  const misplaced = checkBody(body, LINES_MAX).map((problem) => ({ file, line: null, path: '', problem }))
  if (fields instanceof type.errors) {
    const wrong = [...fields].map(({ path, problem }) => ({ file, line: lineOf(path), path: path.join('.'), problem }))
    return refused([...wrong, ...misplaced])
  }
  const { name, description, metadata } = fields
  if (name !== folder) {
    const problem = `must be the name of the folder, ${folder} (was "${name}")`
    misplaced.push({ file, line: null, path: 'name', problem })
  }
  if (misplaced.length > 0) return refused(misplaced)
  return read({
    name,
    description,
    version: metadata.version,
    effectiveFrom: metadata['effective-from'],
    text: body.trim(),
  })
}

function readVoters(files: Files, folder: string): Read<Electorate> {
  const file = `${folder}/${VOTERS_FILE}`
  const text = files.get(VOTERS_FILE)
  if (text === undefined) return refused([{ file, line: null, path: '', problem: 'is missing' }])
  const json = parseLocatedJson(text)
  if (!json.ok) return refused([{ file, line: json.line, path: '', problem: json.problem }])

  const at = (path: Path, problem: string) => ({ file, line: json.lineOf(path), path: toText(path), problem })
  const document = VotersDocument(json.value)
  if (document instanceof type.errors) {
    return refused([...document].map(({ path, problem }) => at([...path] as Path, problem)))
  }
  const problems = document.voters.flatMap(({ name, lens }, index) => [
    ...problemsOfName(name, document.voters.slice(0, index)).map((problem) => at(['voters', index, 'name'], problem)),
    ...problemsOfLens(files.get(lens)).map((problem) => at(['voters', index, 'lens'], `${lens} ${problem}`)),
  ])
  if (problems.length > 0) return refused(problems)
  const voters: Voter[] = document.voters.map((one) => ({ ...one, lens: files.get(one.lens)!.trim() })) // Checked above.
  return read({ voters, rulesWeight: document.rules?.weight ?? null })
}

function problemsOfName(name: string, earlier: readonly Readonly<{ name: string }>[]): readonly string[] {
  if (name === RULES_VOTER) return [`${name} is the name of the policy's own rules`]
  return earlier.some((one) => one.name === name) ? [`${name} is the name of another voter, too`] : []
}

function problemsOfLens(text: string | undefined): readonly string[] {
  if (text === undefined) return ['is missing']
  if (text.trim() === '') return ['is empty']
  return text.split('\n').length > LINES_MAX ? [`must have at most ${LINES_MAX} lines`] : []
}

/** Names and lengths are part of it, so that no two folders read as the same bytes; as for policies. */
function toDigest(files: Files): string {
  const hash = createHash('sha256')
  for (const file of [...files.keys()].sort()) {
    const content = Buffer.from(files.get(file)!)
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** Such as `voters[2].name`. */
function toText(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
}

const read = <T>(value: T): Read<T> => ({ value, problems: [] })
const refused = (problems: readonly SkillProblem[]) => ({ value: null, problems })
