import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { SkillsRefusedError } from '../errors.ts'
import type { Policy } from './parse-policy.ts'
import { openSkills, type SkillsFolderOptions } from './skills-folder.ts'

const shipped = new URL('../../../../skills', import.meta.url).pathname
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skills-'))
  await cp(shipped, directory, { recursive: true })
})
afterEach(() => rm(directory, { recursive: true }))

const path = (file: string) => join(directory, file)
async function edit(file: string, from: string | RegExp, to: string) {
  const text = await readFile(path(file), 'utf8')
  await writeFile(path(file), text.replace(from, to))
}
async function open(options: SkillsFolderOptions = {}) {
  const skills = await openSkills(directory, { pollMs: null, ...options })
  onTestFinished(() => skills.close())
  return skills
}
const refusalOf = () =>
  openSkills(directory, { pollMs: null }).then(
    () => null,
    (error: SkillsRefusedError) => error,
  )

describe('a folder of skills', () => {
  it('has one skill for each type of issue, with its limits, its text and its digest', async () => {
    const skills = await open()

    const skill = skills.forType('REFUND_REQUEST')

    expect(skill).toMatchObject({
      name: 'refund-policy',
      version: '1.0.0',
      serves: 'REFUND_REQUEST',
      effectiveFrom: '2026-11-01',
      maxAmount: 100_000,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(skill.text).toMatch(/^# Refund requests\n/)
    expect(skill.files.get('SKILL.md')).toMatch(/^---\nname: refund-policy\n/)
    expect(
      skills
        .all()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['decline-policy', 'dispute-policy', 'installment-policy', 'refund-policy'])
  })

  it('keeps the arbiter apart, which serves no type', async () => {
    const skills = await open()

    const apart = skills.policies().filter(({ skill }) => skill === null)

    expect(apart.map(({ arbiter, text }) => [arbiter?.name, text.serves, text.maxAmount])).toEqual([
      ['arbiter', null, null],
    ])
  })

  it('has the same digests wherever it lies', async () => {
    const here = await open()
    const there = await openSkills(shipped, { pollMs: null })

    expect(here.all().map(({ digest }) => digest)).toEqual(there.all().map(({ digest }) => digest))
  })

  it.for<[string, () => Promise<unknown>]>([
    ['content', () => edit('decline-policy/evals/evals.json', 'iss_1001', 'iss_1999')],
    ['name', () => rename(path('decline-policy/evals/evals.json'), path('decline-policy/evals/e.json'))],
    ['number', () => writeFile(path('decline-policy/notes.md'), '')],
  ])('changes the digest of a skill with the %s of its files, and no other digest', async ([, change]) => {
    const before = await open()
    await change()
    const after = await open()

    expect(after.forType('DECLINE').digest).not.toBe(before.forType('DECLINE').digest)
    expect(after.forType('DISPUTE').digest).toBe(before.forType('DISPUTE').digest)
  })

  it('ignores temporary files of editors', async () => {
    const before = await open()
    await writeFile(path('decline-policy/.rules.json.swp'), 'x')
    await writeFile(path('decline-policy/rules.json~'), 'x')
    const after = await open()

    expect(after.forType('DECLINE').digest).toBe(before.forType('DECLINE').digest)
  })
})

describe('a broken folder of skills is refused', () => {
  const SKILL = 'decline-policy/SKILL.md'
  const RULES = 'decline-policy/rules.json'

  it.for<[string, () => Promise<unknown>, { file: string; line?: number; path?: string; problem: RegExp }]>([
    ['without SKILL.md', () => rm(path(SKILL)), { file: SKILL, problem: /is missing/ }],
    ['without rules.json', () => rm(path(RULES)), { file: RULES, problem: /is missing/ }],
    [
      'without frontmatter',
      () => edit(SKILL, /^---[\s\S]*?---\n/, ''),
      { file: SKILL, line: 1, problem: /frontmatter/ },
    ],
    [
      'with a frontmatter that is not YAML',
      () => edit(SKILL, 'license: MIT', 'license: "MIT'),
      { file: SKILL, problem: /not valid YAML/ },
    ],
    [
      'with another name than its folder',
      () => edit(SKILL, 'name: decline-policy', 'name: declines'),
      { file: SKILL, path: 'name', problem: /decline-policy/ },
    ],
    [
      'without a description',
      () => edit(SKILL, /description: .*/, 'description: ""'),
      { file: SKILL, line: 3, path: 'description', problem: /must be/ },
    ],
    [
      'with too long a description',
      () => edit(SKILL, /description: .*/, `description: ${'x'.repeat(1025)}`),
      { file: SKILL, line: 3, path: 'description', problem: /1024/ },
    ],
    [
      'with a version that is a number',
      () => edit(SKILL, '"1.0.0"', '1'),
      { file: SKILL, line: 6, path: 'metadata.version', problem: /"1.0.0"/ },
    ],
    [
      'that serves nobody',
      () => edit(SKILL, 'serves: DECLINE', 'serves: ME'),
      { file: SKILL, line: 7, path: 'metadata.serves', problem: /"ME"/ },
    ],
    [
      'effective from no day',
      () => edit(SKILL, '2026-11-01', '2026-13-01'),
      { file: SKILL, line: 8, path: 'metadata.effective-from', problem: /date/ },
    ],
    [
      'without a ceiling',
      () => edit(SKILL, /\n {2}max-amount.*/, ''),
      { file: SKILL, line: 6, path: 'metadata.max-amount', problem: /missing/ },
    ],
    [
      'with a word too many',
      () => edit(SKILL, 'license:', 'licence: MIT\nlicense:'),
      { file: SKILL, line: 4, path: 'licence', problem: /removed/ },
    ],
    [
      'without its rules in prose',
      () => edit(SKILL, '## Policy Rules', '## Rules'),
      { file: SKILL, problem: /"## Policy Rules"/ },
    ],
    [
      'too long to read',
      () => edit(SKILL, '## Output', `${'\n'.repeat(500)}## Output`),
      { file: SKILL, problem: /at most 499 lines/ },
    ],
    [
      'whose rules cite what is not there',
      () => edit(SKILL, '**§2.1**', '**§2.9**'),
      { file: RULES, path: 'rules[6].section', problem: /§2.1 is not a section/ },
    ],
    [
      'whose rules are not JSON',
      () => edit(RULES, '"rules": [', '"rules": '),
      { file: RULES, line: 15, problem: /not valid JSON: \{ stands where a name/ },
    ],
    [
      'with a binary file',
      () => writeFile(path('decline-policy/logo.png'), Buffer.from([0x89, 0x50, 0x4e, 0x47])),
      { file: 'decline-policy/logo.png', problem: /is not text/ },
    ],
    [
      'with a file too large',
      () => writeFile(path('decline-policy/big'), 'x'.repeat(1_000_001)),
      { file: 'decline-policy', problem: /1000000 bytes/ },
    ],
  ])('%s', async ([, breakIt, { problem, ...place }]) => {
    await breakIt()

    const error = await refusalOf()

    expect(error).toMatchObject({ code: 'SKILLS_REFUSED' })
    expect(error?.problems[0]).toMatchObject({ ...place, problem: expect.stringMatching(problem) })
    expect(error?.message).toContain(place.file)
  })

  it('where two skills serve one type', async () => {
    await cp(path('decline-policy'), path('decline-two'), { recursive: true })
    await edit('decline-two/SKILL.md', 'name: decline-policy', 'name: decline-two')

    const error = await refusalOf()

    expect(error?.problems).toMatchObject([
      { file: 'decline-two/SKILL.md', problem: 'serves DECLINE, as another skill does' },
    ])
  })

  it('where there are two arbiters', async () => {
    await cp(path('arbiter'), path('second-arbiter'), { recursive: true })
    await edit('second-arbiter/SKILL.md', 'name: arbiter', 'name: second-arbiter')

    const error = await refusalOf()

    expect(error?.problems).toMatchObject([
      { file: 'second-arbiter/SKILL.md', problem: 'is an arbiter, as another skill is' },
    ])
  })

  it('where no skill serves a type', async () => {
    await rm(path('dispute-policy'), { recursive: true })

    const error = await refusalOf()

    expect(error?.problems).toMatchObject([{ problem: 'has no skill that serves DISPUTE' }])
  })

  it('where it is not there', async () => {
    const error = await openSkills(path('nowhere'), { pollMs: null }).catch((reason: SkillsRefusedError) => reason)

    expect(error).toMatchObject({ code: 'SKILLS_REFUSED', problems: [{ problem: expect.stringContaining('ENOENT') }] })
  })

  it('with the problems of all of its files at once', async () => {
    await edit(SKILL, 'serves: DECLINE', 'serves: ME')
    await edit(RULES, '"confidence": 85', '"confidence": 850')
    await edit('refund-policy/rules.json', '"DEFECTIVE"', '"DEFEKT"')

    const error = await refusalOf()

    expect(error?.problems.map(({ file, path }) => [file, path])).toEqual([
      ['decline-policy/SKILL.md', 'metadata.serves'],
      ['decline-policy/rules.json', 'rules[6].then.confidence'],
      ['refund-policy/rules.json', 'rules[13].when.reason'],
    ])
  })
})

describe('the replacement of a broken folder at the start', () => {
  const openWith = async (lastGood: readonly Policy[]) => {
    const problems: SkillsRefusedError[] = []
    const onProblem = (error: SkillsRefusedError) => problems.push(error)
    return { skills: await open({ lastGood: async () => lastGood, onProblem }), problems }
  }

  it('is the latest of what was in force for each type that the folder does not serve once', async () => {
    const lastGood = (await open()).policies()
    await cp(path('decline-policy'), path('decline-two'), { recursive: true })
    await edit('decline-two/SKILL.md', 'name: decline-policy', 'name: decline-two')
    await rm(path('dispute-policy'), { recursive: true })
    await edit('arbiter/voters.json', '{', '')
    await edit('refund-policy/SKILL.md', '"1.0.0"', '"2.0.0"')

    const { skills, problems } = await openWith(lastGood)

    expect(problems).toHaveLength(1)
    expect(skills.forType('DECLINE').name).toBe('decline-policy')
    expect(skills.forType('DISPUTE').name).toBe('dispute-policy')
    expect(skills.forType('REFUND_REQUEST').version).toBe('2.0.0')
    expect(skills.policies().filter(({ arbiter }) => arbiter !== null)).toHaveLength(1)
  })

  it('is not asked for where the folder is in good order, and does not help where it serves too little', async () => {
    const lastGood = (await open()).policies().filter(({ text }) => text.serves !== 'DISPUTE')
    expect((await openWith(lastGood)).problems).toEqual([])

    await rm(path('dispute-policy'), { recursive: true })

    await expect(openWith(lastGood)).rejects.toMatchObject({ code: 'SKILLS_REFUSED' })
  })
})

describe('an edit of a skill', () => {
  it('comes into force without a restart', async () => {
    const skills = await open({ pollMs: 10 })

    await edit('decline-policy/SKILL.md', '"1.0.0"', '"1.0.1"')

    await expect.poll(() => skills.forType('DECLINE').version).toBe('1.0.1')
  })

  it('comes into force where an editor replaces the file', async () => {
    const skills = await open({ pollMs: 10 })
    const text = await readFile(path('decline-policy/rules.json'), 'utf8')

    await writeFile(path('decline-policy/.rules.json.new'), text.replace('"confidence": 85', '"confidence": 84'))
    await rename(path('decline-policy/.rules.json.new'), path('decline-policy/rules.json'))

    await expect.poll(() => skills.forType('DECLINE').table.rules[6]?.confidence).toBe(84)
  })

  it('comes into force where the whole directory is replaced', async () => {
    const skills = await open({ pollMs: 10 })
    const next = `${directory}-next`
    await cp(directory, next, { recursive: true })
    await writeFile(join(next, 'refund-policy/notes.md'), 'new')
    const before = skills.forType('REFUND_REQUEST').digest

    await rename(directory, `${directory}-old`)
    await rename(next, directory)

    onTestFinished(() => rm(`${directory}-old`, { recursive: true }))
    await expect.poll(() => skills.forType('REFUND_REQUEST').digest).not.toBe(before)
  })

  it('that is broken is reported once, and leaves the last good version in force', async () => {
    const errors: SkillsRefusedError[] = []
    const skills = await open({ onProblem: (error) => errors.push(error) })
    const before = skills.forType('DECLINE')

    await edit('decline-policy/rules.json', '"riskScore"', '"riskScor"')
    await skills.refresh()
    await skills.refresh()

    expect(errors.map(({ problems }) => problems.map(({ file, path }) => [file, path]))).toEqual([
      [['decline-policy/rules.json', 'rules[6].when.riskScor']],
    ])
    expect(skills.forType('DECLINE')).toBe(before)
  })

  it('comes into force beside a broken one', async () => {
    const errors: SkillsRefusedError[] = []
    const skills = await open({ onProblem: (error) => errors.push(error) })

    await edit('decline-policy/rules.json', '{', '')
    await edit('refund-policy/SKILL.md', '"1.0.0"', '"2.0.0"')
    await skills.refresh()

    expect(errors).toHaveLength(1)
    expect(skills.forType('DECLINE').version).toBe('1.0.0')
    expect(skills.forType('REFUND_REQUEST').version).toBe('2.0.0')
  })

  it('that was broken comes into force once it is mended', async () => {
    const skills = await open()
    await edit('decline-policy/SKILL.md', '"1.0.0"', 'no version')
    await skills.refresh()

    await edit('decline-policy/SKILL.md', 'no version', '"1.0.1"')
    await skills.refresh()

    expect(skills.forType('DECLINE').version).toBe('1.0.1')
  })

  it.for<[string, () => Promise<unknown>]>([
    ['takes a skill away', () => rm(path('dispute-policy'), { recursive: true })],
    ['takes all skills away', () => rename(directory, `${directory}-gone`).then(() => mkdir(directory))],
    [
      'adds a second skill for a type',
      async () => {
        await cp(path('decline-policy'), path('decline-two'), { recursive: true })
        await edit('decline-two/SKILL.md', 'name: decline-policy', 'name: decline-two')
      },
    ],
  ])('that %s is refused', async ([, change]) => {
    const errors: SkillsRefusedError[] = []
    const skills = await open({ onProblem: (error) => errors.push(error) })
    const before = skills.all()

    await change()
    await skills.refresh()

    onTestFinished(() => rm(`${directory}-gone`, { recursive: true, force: true }))
    expect(errors).toHaveLength(1)
    expect(skills.all()).toEqual(before)
  })

  it('after closing is not noticed any more', async () => {
    const skills = await open({ pollMs: 5 })

    await skills.close()
    await edit('decline-policy/SKILL.md', '"1.0.0"', '"1.0.1"')

    expect(skills.forType('DECLINE').version).toBe('1.0.0')
  })
})
