import { type } from 'arktype'
import { type Path, parseLocatedJson } from '../table/located-json.ts'
import { type Arbiter, RULES_VOTER, type Voter } from './arbiter.ts'
import { digestOf } from './skill-digest.ts'
import { HEAD, LINES_MAX, METADATA, Name, readSkillFile } from './skill-head.ts'
import { problemOf, type SkillProblem } from './skill-problem.ts'

type ParsedArbiter =
  | Readonly<{ ok: true; arbiter: Arbiter }>
  | Readonly<{ ok: false; problems: readonly SkillProblem[] }>

const [SKILL_FILE, VOTERS_FILE] = ['SKILL.md', 'voters.json']

const Head = type({ ...HEAD, metadata: { ...METADATA, role: "'arbiter'" } })
const Weight = type('1 <= number.integer <= 100').describe('a whole number from 1 to 100')

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
type Instruction = Pick<Arbiter, 'name' | 'description' | 'version' | 'effectiveFrom' | 'text'>
type Electorate = Pick<Arbiter, 'voters' | 'rulesWeight'>
/** The arbiter that was read, or else its problems. */
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
  return { ok: true, arbiter: { ...head.value, ...electorate.value, digest: digestOf(files) } }
}

function readHead(files: Files, folder: string): Read<Instruction> {
  const file = `${folder}/${SKILL_FILE}`
  const text = files.get(SKILL_FILE)
  if (text === undefined) return refused([problemOf(file, 'is missing')])
  const found = readSkillFile(text, { file, folder, Head })
  if ('problems' in found) return refused(found.problems)
  const { name, description, metadata } = found.head
  const { version, 'effective-from': effectiveFrom } = metadata
  return read({ name, description, version, effectiveFrom, text: found.body.trim() })
}

function readVoters(files: Files, folder: string): Read<Electorate> {
  const file = `${folder}/${VOTERS_FILE}`
  const text = files.get(VOTERS_FILE)
  if (text === undefined) return refused([problemOf(file, 'is missing')])
  const json = parseLocatedJson(text)
  if (!json.ok) return refused([{ ...problemOf(file, json.problem), line: json.line }])

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

/** Such as `voters[2].name`. */
function toText(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '')
}

const read = <T>(value: T): Read<T> => ({ value, problems: [] })
const refused = (problems: readonly SkillProblem[]) => ({ value: null, problems })
