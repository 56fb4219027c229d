import { describe, expect, it } from 'vitest'
import { refundCase } from '../../../../test/refund-policy.ts'
import { openSkills } from '../../files/skills-folder.ts'
import { createOpenCandidate, createReadCandidate } from './backtest-candidate.ts'

const directory = new URL('../../../../../skills', import.meta.url).pathname
const skills = await openSkills(directory, { pollMs: null })
const refunds = skills.forType('REFUND_REQUEST')
const rules = refunds.files.get('rules.json')!

const policies = {
  inForce: skills.forType,
  find: async (digest: string) => skills.all().find((skill) => skill.digest === digest) ?? null,
}
const readCandidate = createReadCandidate({ policies })
const openCandidate = createOpenCandidate({ policies })

const defective = refundCase()

describe('a candidate', () => {
  it('that is a stored version is identified by its digest alone', async () => {
    const candidate = await readCandidate({ skill: 'refund-policy', digestOrText: `${refunds.digest}\n` })

    const { version, digest } = refunds
    expect(candidate).toEqual({ policy: { skill: 'refund-policy', version, digest }, files: null })
    expect((await openCandidate(candidate))(defective)).toMatchObject({ action: 'APPROVE_REFUND' })
  })

  it('that is the text in force is the version in force', async () => {
    const candidate = await readCandidate({ skill: 'refund-policy', digestOrText: rules })

    expect(candidate.policy.digest).toBe(refunds.digest)
  })

  it('that is another text takes the rest of its folder from the version in force', async () => {
    const stricter = rules.replaceAll('"APPROVE_REFUND"', '"DENY_REFUND"')

    const candidate = await readCandidate({ skill: 'refund-policy', digestOrText: stricter })

    expect(candidate.policy.digest).not.toBe(refunds.digest)
    expect(candidate.files).toEqual(
      [...refunds.files].map(([path, content]) => ({ path, content: path === 'rules.json' ? stricter : content })),
    )
    expect((await openCandidate(candidate))(defective)).toMatchObject({ action: 'DENY_REFUND' })
  })

  it.for([
    ['an unknown policy', { skill: 'no-policy', digestOrText: refunds.digest }, 'POLICY_NOT_FOUND'],
    ['an unknown version', { skill: 'refund-policy', digestOrText: 'd9' }, 'POLICY_VERSION_NOT_FOUND'],
    [
      "another policy's version",
      { skill: 'refund-policy', digestOrText: skills.forType('DISPUTE').digest },
      'POLICY_VERSION_NOT_FOUND',
    ],
    ['a text that is no table', { skill: 'refund-policy', digestOrText: '{ "rules": [] }' }, 'SKILLS_REFUSED'],
    ['a text that is not even JSON', { skill: 'refund-policy', digestOrText: 'deny all' }, 'SKILLS_REFUSED'],
  ] as const)('is refused as %s', async ([, asked, code]) => {
    await expect(readCandidate(asked)).rejects.toMatchObject({ code })
  })

  it('that is broken is refused with every problem and its place', async () => {
    const broken = rules.replace('"APPROVE_REFUND"', '"GIVE_IT"').replace('"riskScore"', '"riskyness"')

    await expect(readCandidate({ skill: 'refund-policy', digestOrText: broken })).rejects.toMatchObject({
      facts: { problems: [{ file: 'refund-policy/rules.json', line: expect.any(Number) }, {}] },
    })
  })
})
