import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type ClaudeRequest, startClaudeServer } from './claude-server.ts'

const PROGRAM = fileURLToPath(new URL('../src/check-skills.ts', import.meta.url))
const SKILLS = fileURLToPath(new URL('../../skills', import.meta.url))

const directory = await mkdtemp(join(tmpdir(), 'redress-skills-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

type Ended = { code: number | string; out: string; err: string }
const check = (...args: string[]) => checkWith({}, ...args)
const checkWith = (settings: Readonly<Record<string, string>>, ...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const { ANTHROPIC_API_KEY: _, ...env } = process.env
    execFile(process.execPath, [PROGRAM, ...args], { env: { ...env, ...settings } }, (error, out, err) => {
      resolve({ code: error?.code ?? 0, out, err })
    })
  })

type Example = Readonly<{ expected: Readonly<{ action: string }> }>

/** A copy of the policies with two examples each, which are not for a person: enough to ask a model about. */
async function fewExamples(): Promise<string> {
  const copy = await mkdtemp(join(directory, 'few-'))
  await cp(SKILLS, copy, { recursive: true })
  for (const folder of await readdir(copy)) {
    const file = join(copy, folder, 'evals/evals.json')
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text === null) continue
    const { evals, ...rest } = JSON.parse(text)
    const decided = evals.filter(({ expected }: Example) => expected.action !== 'ESCALATE')
    await writeFile(file, JSON.stringify({ ...rest, evals: decided.slice(0, 2) }))
  }
  return copy
}

/** A careful model: it leaves the case to a person, and cites the first section of its policy. */
const escalate = ({ system }: ClaudeRequest) => {
  const [section] = /§[0-9]+\.[0-9]+/.exec(system[1]!.text)!
  const opinion = { case: 'case-1', action: 'ESCALATE', confidence: 80, reasoning: 'Unsure.', policyApplied: section }
  return { opinions: [opinion] }
}

/** A copy of the policies in which one file has one edit. */
async function editedSkills(file: string, [before, after]: [string, string]): Promise<string> {
  const copy = await mkdtemp(join(directory, 'copy-'))
  await cp(SKILLS, copy, { recursive: true })
  const text = await readFile(join(copy, file), 'utf8')
  await writeFile(join(copy, file), text.replace(before, after))
  return copy
}

describe.concurrent('npm run skills:check', () => {
  it('finds our policies, their examples and the guard in order', async () => {
    const { code, out } = await check('--json', '--skills', await fewExamples())

    const { ok, problems, skills, attacks } = JSON.parse(out)
    expect([code, ok, problems, skills]).toEqual([0, true, [], 4])
    expect(attacks.total.before).toBe(attacks.total.gainable)
    expect([attacks.total.gainable > 100, attacks.total.after, attacks.breaches]).toEqual([true, 0, []])
  })

  it('names file and line of an example that its policy does not follow', async () => {
    const copy = await editedSkills('decline-policy/rules.json', ['"confidence": 90', '"confidence": 91'])

    const { code, out } = await check('--skills', copy)

    expect(code).toBe(1)
    expect(out).toMatch(/^decline-policy\/evals\/evals\.json:\d+ ".+": confidence is 91, not 90$/m)
  })

  it('names file and line of a policy that is broken', async () => {
    const copy = await editedSkills('refund-policy/rules.json', [
      '"riskScore": { "gte": 80 }',
      '"riskScoer": { "gte": 80 }',
    ])

    const { code, out } = await check('--skills', copy)

    expect(code).toBe(1)
    expect(out).toMatch(/^refund-policy\/rules\.json:\d+ rules\[\d+\]\.when\.riskScoer /m)
  })

  it('asks the real model about one case of each type, and says what it cost', async () => {
    const { url, apiKey, requests, close } = await startClaudeServer({ answer: escalate })
    const settings = { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: url, AI_MODEL: 'claude-of-the-test' }

    const { code, out } = await checkWith(
      settings,
      '--model',
      '--limit',
      '2',
      '--json',
      '--skills',
      await fewExamples(),
    )

    const { ok, model } = JSON.parse(out)
    expect([code, ok, model.breaches]).toEqual([0, true, []])
    expect(model.total).toMatchObject({ texts: 2, attempts: 8, failed: 0 })
    expect(model.costUsd).toBeCloseTo(0.024) // 200 tokens in, 100 out and 3,000 from the cache, eight times.
    expect(requests.map((request) => request.model)).toEqual(Array(8).fill('claude-of-the-test'))
    await close()
  })

  it('fails if the real model never answers', async () => {
    const { url, apiKey, close, always } = await startClaudeServer({ answer: escalate })
    always('overloaded')

    const settings = { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: url }
    const { code, out } = await checkWith(settings, '--model', '--limit', '1', '--skills', await fewExamples())

    expect(code).toBe(1)
    expect(out).toContain('4 of 4 times there was no usable answer.')
    await close()
  })

  it('refuses to ask the real model without a key, and says how it is used', async () => {
    const { code, err } = await check('--model')

    expect(code).toBe(64)
    expect(err).toMatch(/^--model needs ANTHROPIC_API_KEY\.\n\nnpm run skills:check/)
  })
})
