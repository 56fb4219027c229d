import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseArbiter } from './arbiter-document.ts'

const directory = new URL('../../../../skills/arbiter', import.meta.url).pathname
const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
const FILES: ReadonlyMap<string, string> = new Map(
  paths.map((path) => [path, readFileSync(join(directory, path), 'utf8')]),
)

const withFile = (path: string, content: string) => new Map([...FILES, [path, content]])
const withVoters = (document: unknown) => withFile('voters.json', JSON.stringify(document, null, 1))
const problemsOf = (files: ReadonlyMap<string, string>) => {
  const parsed = parseArbiter(files)
  return parsed.ok ? [] : parsed.problems.map(({ file, line, path, problem }) => `${file}:${line} ${path} ${problem}`)
}
const LENS = 'references/customer-care.md'
const two = [
  { name: 'one', weight: 1, lens: LENS },
  { name: 'two', weight: 1, lens: LENS },
]

describe('the arbiter', () => {
  it('of the shipped folder has three voters with their lenses, and the rules vote', () => {
    const parsed = parseArbiter(FILES)

    if (!parsed.ok) throw new Error('refused')
    const { arbiter } = parsed
    expect(arbiter).toMatchObject({ name: 'arbiter', version: '1.0.0', effectiveFrom: '2026-11-01', rulesWeight: 20 })
    expect(arbiter.voters.map(({ name, weight }) => [name, weight])).toEqual([
      ['letter-of-the-policy', 35],
      ['customer-care', 20],
      ['fraud-and-cost', 25],
    ])
    expect(arbiter.voters[1]!.lens).toMatch(/^# Customer care/)
    expect(arbiter.text).toMatch(/^# Arbiter/)
  })

  it('has another digest when a lens changes, and the same in whatever order its files are read', () => {
    const digestOf = (files: ReadonlyMap<string, string>) => {
      const parsed = parseArbiter(files)
      return parsed.ok ? parsed.arbiter.digest : null
    }

    expect(digestOf(FILES)).toMatch(/^[0-9a-f]{64}$/)
    expect(digestOf(new Map([...FILES].reverse()))).toBe(digestOf(FILES))
    expect(digestOf(withFile(LENS, '# Other'))).not.toBe(digestOf(FILES))
  })

  it('may use the fields that the standard allows every skill', () => {
    const text = FILES.get('SKILL.md')!.replace(/^license:/m, 'compatibility: Any model\nallowed-tools: Read\nlicense:')

    expect(text).toContain('allowed-tools: Read')
    expect(problemsOf(withFile('SKILL.md', text))).toEqual([])
  })

  it('may have voters alone, without the rules', () => {
    const parsed = parseArbiter(withVoters({ voters: two }))

    expect(parsed).toMatchObject({ ok: true, arbiter: { rulesWeight: null } })
  })
})

describe('an arbiter is refused', () => {
  it('without its files', () => {
    expect(problemsOf(new Map())).toEqual(['arbiter/SKILL.md:null  is missing', 'arbiter/voters.json:null  is missing'])
  })

  it('that serves another role, has another name than its folder or no rules to go by', () => {
    const text = FILES.get('SKILL.md')!

    expect(problemsOf(withFile('SKILL.md', text.replace('role: arbiter', 'role: judge')))).toEqual([
      'arbiter/SKILL.md:7 metadata.role must be "arbiter" (was "judge")',
    ])
    expect(problemsOf(withFile('SKILL.md', text.replace('name: arbiter', 'name: judge')))).toEqual([
      'arbiter/SKILL.md:null name must be the name of the folder, arbiter (was "judge")',
    ])
    expect(problemsOf(withFile('SKILL.md', text.replace('## Policy Rules', '## Rules')))).toEqual([
      'arbiter/SKILL.md:null  needs the chapter "## Policy Rules"',
    ])
  })

  it('with a text above the length limit', () => {
    expect(problemsOf(withFile('SKILL.md', FILES.get('SKILL.md')! + '\n'.repeat(500)))).toEqual([
      'arbiter/SKILL.md:null  must have at most 499 lines below the frontmatter',
    ])
  })

  it.for([
    [[two[0]], 'arbiter/voters.json:2 voters must be at least length 2 (was 1)'],
    [
      Array.from({ length: 10 }, (_, index) => ({ ...two[0], name: `v-${index}` })),
      'arbiter/voters.json:2 voters must be at most length 9 (was 10)',
    ],
    [[two[0], two[0]], 'arbiter/voters.json:9 voters[1].name one is the name of another voter, too'],
    [
      [two[0], { ...two[1], name: 'rules' }],
      "arbiter/voters.json:9 voters[1].name rules is the name of the policy's own rules",
    ],
    [
      [two[0], { ...two[1], weight: 101 }],
      'arbiter/voters.json:10 voters[1].weight must be a whole number from 1 to 100 (was 101)',
    ],
    [
      [two[0], { ...two[1], lens: 'references/none.md' }],
      'arbiter/voters.json:11 voters[1].lens references/none.md is missing',
    ],
  ] as const)('with voters that cannot vote: %j', ([voters, problem]) => {
    expect(problemsOf(withVoters({ voters }))).toEqual([problem])
  })

  it('with a lens that says nothing, or a file that is not JSON', () => {
    expect(problemsOf(withFile(LENS, '\n'))).toEqual([`arbiter/voters.json:4 voters[1].lens ${LENS} is empty`])
    expect(problemsOf(withFile('voters.json', '{\n"voters": ]'))).toEqual([
      'arbiter/voters.json:2  is not valid JSON: ] stands where a value should be',
    ])
  })
})
