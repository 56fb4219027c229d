import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../src/check-skills.ts', import.meta.url))
const SKILLS = fileURLToPath(new URL('../../skills', import.meta.url))

const directory = await mkdtemp(join(tmpdir(), 'redress-skills-'))
afterAll(() => rm(directory, { recursive: true, force: true }))

type Ended = { code: number | string; out: string; err: string }
const check = (...args: string[]) =>
  new Promise<Ended>((resolve) => {
    const { ANTHROPIC_API_KEY: _, ...env } = process.env
    execFile(process.execPath, [PROGRAM, ...args], { env }, (error, out, err) => {
      resolve({ code: error?.code ?? 0, out, err })
    })
  })

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
    const { code, out } = await check('--json')

    const { ok, problems, skills, attacks } = JSON.parse(out)
    expect([code, ok, problems, skills]).toEqual([0, true, [], 4])
    expect(attacks.total.before).toBe(attacks.total.prizes)
    expect([attacks.total.prizes > 10_000, attacks.total.after, attacks.breaches]).toEqual([true, 0, []])
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

  it('refuses to ask the real model without a key, and says how it is used', async () => {
    const { code, err } = await check('--model')

    expect(code).toBe(64)
    expect(err).toMatch(/^--model needs ANTHROPIC_API_KEY\.\n\nnpm run skills:check/)
  })
})
