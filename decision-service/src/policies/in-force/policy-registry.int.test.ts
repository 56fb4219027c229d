import { rm } from 'node:fs/promises'
import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { describe, expect, it } from 'vitest'
import { by, openPolicyDesk, SKILL, START } from '../../../test/policies.ts'
import { refundCase } from '../../../test/refund-policy.ts'
import { decideByRules } from '../../engines/rules/rules-engine.ts'
import { isInShare } from '../deployment/policy-trial.ts'

const given = await openTestDatabase()
const openDesk = () => openPolicyDesk(given)

const publish = (digest: string, effectiveFrom: Date | null = null) => ({
  skill: SKILL,
  digest,
  effectiveFrom,
  cause: by('grace'),
})
const rollback = { skill: SKILL, digest: null, reason: 'Too generous.', cause: by('grace') }

describe('the folder', () => {
  it('is in force from the start, with every version stored once for all processes', async () => {
    const desk = await openDesk()

    const [one, two] = await Promise.all([desk.open(), desk.open()])

    expect([one.policies.inForce('DISPUTE').name, two.policies.inForce('DISPUTE').name]).toEqual([
      'dispute-policy',
      'dispute-policy',
    ])
    expect(one.policies.arbiter()).toMatchObject({ name: 'arbiter' })
    expect(await desk.views.skills()).toEqual([
      'arbiter',
      'decline-policy',
      'dispute-policy',
      'installment-policy',
      'refund-policy',
    ])
    const { digest } = one.policies.inForce('REFUND_REQUEST')
    expect(await desk.collections.policyDeployments.find({ skill: SKILL }).toArray()).toEqual([
      {
        _id: 'refund-policy@1',
        skill: SKILL,
        number: 1,
        digest,
        version: '1.0.0',
        source: 'FOLDER',
        by: 'redress:skills',
        effectiveFrom: START,
        at: START,
        reason: null,
      },
    ])
    expect(await desk.events()).toMatchObject([{ type: 'policy.in_force', changes: { digest: { before: null } } }])
  })

  it('is in force a moment after it was edited, with an event', async () => {
    const desk = await openDesk()
    const { versionNow, changes } = await desk.open()

    await desk.edit('SKILL.md', '"1.0.0"', '"1.1.0"')

    expect(await versionNow()).toBe('1.1.0')
    expect(changes).toMatchObject([{ skill: SKILL, version: '1.1.0' }])
  })

  it('has its future version wait for its date', async () => {
    const desk = await openDesk()
    const { versionNow } = await desk.open()

    await desk.edit('SKILL.md', /version: .*\n(.*\n)(.*)"2026-11-01"/, 'version: "1.1.0"\n$1$2"2030-06-20"')

    expect(await versionNow()).toBe('1.0.0')
    desk.setClock('2030-06-20T00:00:00Z')
    expect(await versionNow()).toBe('1.1.0')
  })
})

describe('a publication', () => {
  it('goes before an older edit of the folder, and a later edit before it', async () => {
    const desk = await openDesk()
    const { versionNow, policies } = await desk.open()
    const candidate = await desk.propose('2.0.0')
    await desk.edit('SKILL.md', '"1.0.0"', '"1.1.0"')
    await versionNow()

    await desk.publishPolicy(publish(candidate.digest))

    expect(await versionNow()).toBe('2.0.0')
    expect((await desk.open()).policies.inForce('REFUND_REQUEST').digest).toBe(candidate.digest)
    await desk.edit('SKILL.md', '"1.1.0"', '"1.2.0"')
    expect(await versionNow()).toBe('1.2.0')
    expect(await policies.find(candidate.digest)).toMatchObject({ name: SKILL, version: '2.0.0' })
    expect(await policies.find('nothing')).toBeNull()
  })

  it('waits for its date, and is taken back by publishing what is in force for the same date', async () => {
    const desk = await openDesk()
    const { versionNow, policies } = await desk.open()
    const present = policies.inForce('REFUND_REQUEST').digest
    const candidate = await desk.propose('2.0.0')
    const date = new Date('2030-07-01T00:00:00Z')

    const { effectiveFrom } = await desk.publishPolicy(publish(candidate.digest, date))
    desk.setClock('2030-06-30T23:59:59Z')
    const before = await versionNow()
    await desk.publishPolicy(publish(present, date))
    desk.setClock('2030-07-01T00:00:00Z')

    expect([effectiveFrom, before, await versionNow()]).toEqual([date, '1.0.0', '1.0.0'])
  })

  it('is rolled back at once to the version before, and the actor and the reason are stored', async () => {
    const desk = await openDesk()
    const { versionNow, policies } = await desk.open()
    const first = policies.inForce('REFUND_REQUEST').digest
    const candidate = await desk.propose('2.0.0')
    await desk.publishPolicy(publish(candidate.digest))

    await desk.rollbackPolicy({ ...rollback, reason: 'Complaint of eve@example.com.' })

    expect(await versionNow()).toBe('1.0.0')
    expect(await desk.events('policy.rolled_back')).toMatchObject([
      {
        actor: 'grace',
        requestId: 'req-1',
        ip: '10.0.0.1',
        entity: { type: 'Policy', id: SKILL },
        changes: {
          digest: { before: candidate.digest, after: first },
          version: { before: '2.0.0', after: '1.0.0' },
          reason: { before: null, after: 'Complaint of [email].' },
        },
      },
    ])
  })

  it('takes its turn where two are made at the same time', async () => {
    const desk = await openDesk()
    await desk.open()
    const [one, two] = [await desk.propose('2.0.0'), await desk.propose('3.0.0')]

    const both = await Promise.all([one, two].map(({ digest }) => desk.publishPolicy(publish(digest))))

    expect(both.map(({ number }) => number).sort()).toEqual([4, 5])
    expect(await desk.events('policy.published')).toHaveLength(2)
  })

  it('has events in order, each later than the one before it though the clock stands still', async () => {
    const desk = await openDesk()
    await desk.open()
    const { digest } = await desk.propose('2.0.0')
    await desk.publishPolicy(publish(digest))
    await desk.rollbackPolicy(rollback)

    const events = await desk.events()

    expect(events.map(({ id, type }) => [id, type])).toEqual([
      ['policy-refund-policy-1', 'policy.in_force'],
      ['policy-refund-policy-2', 'policy.proposed'],
      ['policy-refund-policy-3', 'policy.published'],
      ['policy-refund-policy-4', 'policy.rolled_back'],
    ])
    expect(events.map(({ at }) => Date.parse(at) - START.getTime())).toEqual([0, 1, 2, 3])
  })
})

describe('a broken edit', () => {
  it('leaves the last good version in force, and raises one alert though two processes see it', async () => {
    const desk = await openDesk()
    const [one, two] = [await desk.open(), await desk.open()]

    await desk.edit('rules.json', '"DEFECTIVE"', '"DEFEKT"')
    const versions = await Promise.all([one.versionNow(), two.versionNow()])
    await one.versionNow()

    expect(versions).toEqual(['1.0.0', '1.0.0'])
    expect([one.problems, two.problems]).toMatchObject([[{ code: 'SKILLS_REFUSED' }], [{ code: 'SKILLS_REFUSED' }]])
    expect(await desk.events('alert.raised')).toMatchObject([
      {
        entity: { type: 'SkillsFolder', id: 'refund-policy/rules.json' },
        data: { type: 'POLICY_REFUSED', severity: 'WARNING', message: expect.stringContaining('DEFEKT') },
      },
    ])
  })

  it('raises an alert again when it comes again after it was repaired', async () => {
    const desk = await openDesk()
    const [one, two] = [await desk.open(), await desk.open()]
    for (const [before, after] of [
      ['DEFECTIVE', 'DEFEKT'],
      ['DEFEKT', 'DEFECTIVE'],
      ['DEFECTIVE', 'DEFEKT'],
    ]) {
      await desk.edit('rules.json', `"${before}"`, `"${after}"`)
      await one.versionNow()
      await two.versionNow()
    }

    const alerts = await desk.events('alert.raised')

    expect(alerts).toHaveLength(2)
    expect(new Set(alerts.map(({ id }) => id)).size).toBe(2)
  })

  it('does not keep a process from starting: the last published version decides', async () => {
    const desk = await openDesk()
    await desk.open()
    const { digest } = await desk.propose('2.0.0')
    await desk.publishPolicy(publish(digest))
    await desk.edit('rules.json', '{', '')

    const again = await desk.open()

    expect(again.problems).toMatchObject([{ code: 'SKILLS_REFUSED' }])
    expect(await again.versionNow()).toBe('2.0.0')
    await desk.edit('rules.json', /^/, '{')
    expect(await again.versionNow()).toBe('2.0.0')
    expect(await desk.events('policy.in_force')).toHaveLength(1)
  })

  it('does not keep a process from starting where the whole folder is gone', async () => {
    const desk = await openDesk()
    await desk.open()
    await rm(desk.path('refund-policy'), { recursive: true })
    await rm(desk.path('decline-policy'), { recursive: true })

    const { policies } = await desk.open()

    expect([policies.inForce('REFUND_REQUEST').name, policies.inForce('DECLINE').name]).toEqual([
      'refund-policy',
      'decline-policy',
    ])
  })

  it('refuses the start where nothing was ever in force', async () => {
    const desk = await openDesk()
    await desk.edit('rules.json', '{', '')

    await expect(desk.open()).rejects.toMatchObject({ code: 'SKILLS_REFUSED' })
  })
})

describe('a trial', () => {
  it('in the shadow decides beside the policy in force', async () => {
    const desk = await openDesk()
    const { policies } = await desk.open()
    const { digest } = await desk.propose('2.0.0')

    await desk.tryPolicy.start({ skill: SKILL, digest, mode: 'SHADOW', share: null, cause: by('ada') })
    await policies.refresh()

    const { skill, shadow } = policies.choose(refundCase())
    expect([skill.version, shadow?.version]).toEqual(['1.0.0', '2.0.0'])
    expect(decideByRules(refundCase(), shadow!).policy.digest).toBe(digest)
  })

  it('of a share decides for the same customers each time, and for none after its end', async () => {
    const desk = await openDesk()
    const { policies } = await desk.open()
    const { digest } = await desk.propose('2.0.0')
    const trial = await desk.tryPolicy.start({ skill: SKILL, digest, mode: 'SPLIT', share: 0.3, cause: by('grace') })
    const customers = Array.from({ length: 50 }, (_, index) => `cust_${index}`)
    const digestFor = (id: string) =>
      policies.choose(refundCase({ customer: { ...refundCase().customer, id } })).skill.digest
    await policies.refresh()

    const during = customers.filter((id) => digestFor(id) === digest)
    await desk.tryPolicy.end({ skill: SKILL, cause: by('ada') })
    await policies.refresh()

    expect(during).toEqual(customers.filter((id) => isInShare(trial, id)))
    expect(customers.filter((id) => digestFor(id) === digest)).toEqual([])
    expect((await desk.events('policy.trial_ended'))[0]?.changes).toMatchObject({ share: { before: 0.3, after: null } })
  })

  it('is over when its candidate is published, and does not come back with a rollback', async () => {
    const desk = await openDesk()
    await desk.open()
    const { digest } = await desk.propose('2.0.0')
    await desk.tryPolicy.start({ skill: SKILL, digest, mode: 'SPLIT', share: 0.5, cause: by('grace') })

    await desk.publishPolicy(publish(digest))
    await desk.rollbackPolicy(rollback)

    expect(await desk.views.findTrial(SKILL)).toBeNull()
    expect((await desk.events('policy.published'))[0]?.changes.trial).toEqual({ before: digest, after: null })
  })
})
