import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parsePolicy, readPolicyText } from './parse-policy.ts'
import { parseSkill } from './parse-skill.ts'

const readFiles = (folder: string): ReadonlyMap<string, string> => {
  const directory = new URL(`../../../../skills/${folder}`, import.meta.url).pathname
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length + 1))
  return new Map(paths.map((path) => [path, readFileSync(join(directory, path), 'utf8')]))
}
const FILES = readFiles('refund-policy')
const withFiles = (files: Readonly<Record<string, string>>) => new Map([...FILES, ...Object.entries(files)])
const withText = (change: (text: string) => string) => withFiles({ 'SKILL.md': change(FILES.get('SKILL.md')!) })

const digestOf = (files: ReadonlyMap<string, string>) => {
  const parsed = parseSkill('refund-policy', files)
  return 'skill' in parsed ? parsed.skill.digest : null
}
const problemsOf = (files: ReadonlyMap<string, string>) => {
  const parsed = parseSkill('refund-policy', files)
  return 'skill' in parsed ? [] : parsed.problems.map(({ file, line, problem }) => `${file}:${line} ${problem}`)
}

describe('a skill', () => {
  it('is read from its files, which it keeps', () => {
    const parsed = parseSkill('refund-policy', FILES)

    expect(parsed).toMatchObject({ skill: { name: 'refund-policy', serves: 'REFUND_REQUEST', maxAmount: 100_000 } })
    expect('skill' in parsed && [...parsed.skill.files.keys()].sort()).toEqual([
      'SKILL.md',
      'evals/evals.json',
      'rules.json',
    ])
  })

  it('has one digest in whatever order its files come, and another with any change', () => {
    expect(digestOf(new Map([...FILES].reverse()))).toBe(digestOf(FILES))
    expect(digestOf(withFiles({ 'references/law.md': 'x' }))).not.toBe(digestOf(FILES))
    expect(digestOf(withFiles({ 'references/law.md': 'é' }))).not.toBe(
      digestOf(withFiles({ 'references/law.md': 'x' })),
    )
  })

  it('is refused at once with a frontmatter that would take minutes to read', () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `key${index}: 1`)
    const files = withText((text) => text.replace('license: MIT', keys.join('\n')))

    expect(problemsOf(files)).toContain('refund-policy/SKILL.md:1 must have a frontmatter of at most 10000 characters')
  })

  it('with very many problems is refused with the first 200', () => {
    const files = withText((text) => text + Array.from({ length: 5_000 }, (_, n) => `\n references/a${n}`).join(''))

    const refused = () => readPolicyText('refund-policy', files)

    expect(refused).toThrow(expect.objectContaining({ code: 'SKILLS_REFUSED', problems: expect.any(Array) }))
    expect(refused).toThrow(/a198, which is missing$/)
  })

  it('may use the other fields of the standard', () => {
    const files = withText((text) =>
      text.replace('license: MIT', 'license: MIT\ncompatibility: Needs nothing\nallowed-tools: Read Grep'),
    )

    expect(problemsOf(files)).toEqual([])
  })

  it('may refer to what it holds', () => {
    const text = FILES.get('SKILL.md')!.replace(
      '# Refund requests',
      '# Refund requests\n\nSee [the law](references/law.md).',
    )

    expect(problemsOf(withFiles({ 'SKILL.md': text, 'references/law.md': '14 days.' }))).toEqual([])
  })

  it('that refers to what is missing is refused, with the line', () => {
    const files = withText((text) => text.replace('# Refund requests', 'See references/law.md.'))

    expect(problemsOf(files)).toEqual(['refund-policy/SKILL.md:12 refers to references/law.md, which is missing'])
  })

  it.for([
    ['references/eu/law.md', 'must lie at most 1 deep'],
    ['notes/law.md', 'must lie beside SKILL.md or in one of references, scripts, assets, evals'],
  ])('with a file where the standard has none, %s, is refused', ([path, problem]) => {
    expect(problemsOf(withFiles({ [path!]: 'x' }))).toEqual([`refund-policy/${path}:null ${problem}`])
  })

  it('with anything but text is refused', () => {
    expect(problemsOf(withFiles({ 'assets/a': 'a\0b', 'assets/b': '\ud800' }))).toEqual([
      'refund-policy/assets/a:null is not text in UTF-8',
      'refund-policy/assets/b:null is not text in UTF-8',
    ])
  })
})

describe('the purpose of a folder', () => {
  it('is to decide or to arbitrate', () => {
    expect(parsePolicy('refund-policy', FILES)).toMatchObject({
      policy: { skill: { name: 'refund-policy' }, arbiter: null },
    })
    expect(parsePolicy('arbiter', readFiles('arbiter'))).toMatchObject({
      policy: { skill: null, arbiter: { name: 'arbiter' } },
    })
  })

  it('is returned with everything that is stored of it', () => {
    const { files, ...text } = readPolicyText('refund-policy', FILES)

    expect(text).toEqual({
      skill: 'refund-policy',
      version: '1.0.0',
      digest: digestOf(FILES),
      serves: 'REFUND_REQUEST',
      description: expect.stringMatching(/^Decides whether to approve/),
      maxAmount: 100_000,
      notBefore: new Date('2026-11-01T00:00:00Z'),
    })
    expect(new Map(files.map(({ path, content }) => [path, content]))).toEqual(FILES)
  })

  it('is refused as a whole with every problem, for callers to see', () => {
    const files = withFiles({ 'rules.json': 'x', 'notes/law.md': 'x' })

    expect(() => readPolicyText('refund-policy', files)).toThrow(
      expect.objectContaining({
        code: 'SKILLS_REFUSED',
        facts: {
          problems: [
            expect.objectContaining({ file: 'refund-policy/rules.json', line: 1 }),
            expect.objectContaining({ file: 'refund-policy/notes/law.md' }),
          ],
        },
      }),
    )
  })
})
