import { readFileSync } from 'node:fs'
import { serveSubgraph } from '@redress/shared/subgraph/serve-subgraph.ts'
import { ask, tokenOf, verifyToken, withRole } from '@redress/shared/testing/callers.ts'
import { findSchemaProblems } from '@redress/shared/testing/schema-problems.ts'
import { openTestDatabase, silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { StoredDecision } from '../src/domain/stored-decision.ts'
import { decideByRules } from '../src/engines/rules/rules-engine.ts'
import { checkFiles } from '../src/policies/deployment/policy-arguments.ts'
import { createPolicyLoaders } from '../src/policies/deployment/policy-loaders.ts'
import { createPolicyResolvers } from '../src/policies/deployment/policy-resolvers.ts'
import { parseSkill } from '../src/policies/files/parse-skill.ts'
import { createDecideByVersion } from '../src/policies/trials/decide-by-version.ts'
import { createReplayDecision } from '../src/policies/trials/replay-decision.ts'
import { createTrialResolvers } from '../src/policies/trials/trial-resolvers.ts'
import { type AtEnd, openPolicyDesk, SKILL } from './policies.ts'
import { refundCase } from './refund-policy.ts'

const given = await openTestDatabase()
const FILES = ['SKILL.md', 'evals/evals.json', 'rules.json']
const THRESHOLDS = { autoResolve: 80, humanReview: 70 }
const [admin, operator, readOnly, monitoring] = await Promise.all(
  (['admin', 'operator', 'read_only', 'monitoring'] as const).map((role) => tokenOf(withRole(role))),
)
/** May propose and publish; another person than the one above. */
const other = await tokenOf({ id: 'a-second-admin', roles: ['admin'], customerId: null, tenant: 'default' })

/** A subgraph of one test: `as` asks it. */
async function serve(decisions: readonly StoredDecision[] = [], atEnd: AtEnd = onTestFinished) {
  const desk = await openPolicyDesk(given, atEnd)
  const { policies } = await desk.open()
  const replayDecision = createReplayDecision({
    views: { findDecisions: async (ids) => ids.map((id) => decisions.find((one) => one.id === id) ?? null) },
    decideByVersion: createDecideByVersion(policies),
    thresholds: THRESHOLDS,
  })
  const policyResolvers = createPolicyResolvers(desk)
  const { Query } = createTrialResolvers({
    replayDecision,
    simulateDecision: () => Promise.reject(new Error('not here')),
  })
  const subgraph = await serveSubgraph({
    name: 'decisions',
    schemaFile: new URL('../schema.graphql', import.meta.url),
    resolvers: { ...policyResolvers, Query: { ...policyResolvers.Query, ...Query } },
    createLoaders: () => createPolicyLoaders(desk.views),
    verifyToken,
    checks: {},
    port: 0,
    host: '127.0.0.1',
    logger: silent,
  })
  atEnd(subgraph.close)
  const as = (token: string | undefined, query: string, variables: object = {}) =>
    ask(subgraph.url, { query, variables, token: token ?? null })
  const rulesFile = { path: 'rules.json', content: '' }
  const rules = await desk.views
    .filesOf([policies.inForce('REFUND_REQUEST').digest])
    .then(([files]) => files!.find(({ path }) => path === 'rules.json')!.content)
  return {
    desk,
    policies,
    as,
    rulesWith: (from: string, to: string) => [{ ...rulesFile, content: rules.replace(from, to) }],
  }
}

/** For tests that change nothing of a policy, or nothing that matters to others. */
const shared = await serve([], afterAll)

const PROPOSE = `mutation ($input: ProposePolicyInput!) { proposePolicy(input: $input) { policy {
  skill version digest author createdAt files { path } } } }`
const PUBLISH = `mutation ($input: PublishPolicyInput!) { publishPolicy(input: $input) {
  deployment { source by effectiveFrom policy { digest author } } policy { inForce { digest } } } }`
const ROLL_BACK = `mutation ($input: RollbackPolicyInput!) { rollbackPolicy(input: $input) {
  deployment { source policy { version } } policy { deployments { nodes { source } } } } }`
const START_TRIAL = `mutation ($input: StartPolicyTrialInput!) { startPolicyTrial(input: $input) { policy {
  trial { mode share startedBy candidate { digest } } } } }`

const codeOf = ({ errors }: { errors: readonly { extensions: { code: string } }[] }) => errors[0]?.extensions.code

const problemsOf = findSchemaProblems(new URL('../schema.graphql', import.meta.url), 'ProposePolicyInput')

describe('a policy', () => {
  it('is returned with its version in force, deployments and versions; the arbiter serves no type', async () => {
    const { as, policies } = await serve()

    const { data, errors } = await as(
      readOnly,
      `{ policies { skill serves maxAmount inForce { version } }
         policy(skill: "${SKILL}") { description inForce { digest author createdAt files { path } }
           deployments { nodes { source by policy { version } } } versions { nodes { digest } totalCount } trial { mode } }
         none: policy(skill: "nothing") { skill } }`,
    )

    expect(errors).toEqual([])
    expect(data.policies).toEqual([
      { skill: 'arbiter', serves: null, maxAmount: null, inForce: { version: '1.0.0' } },
      { skill: 'decline-policy', serves: 'DECLINE', maxAmount: 200_000, inForce: { version: '1.0.0' } },
      { skill: 'dispute-policy', serves: 'DISPUTE', maxAmount: 100_000, inForce: { version: '1.0.0' } },
      { skill: 'installment-policy', serves: 'MISSED_INSTALLMENT', maxAmount: 200_000, inForce: { version: '1.0.0' } },
      { skill: 'refund-policy', serves: 'REFUND_REQUEST', maxAmount: 100_000, inForce: { version: '1.0.0' } },
    ])
    const { digest } = policies.inForce('REFUND_REQUEST')
    expect(data.policy).toEqual({
      description: expect.stringMatching(/^Decides whether to approve/),
      inForce: {
        digest,
        author: null,
        createdAt: '2030-06-15T12:00:00.000Z',
        files: FILES.map((path) => ({ path })),
      },
      deployments: { nodes: [{ source: 'FOLDER', by: 'redress:skills', policy: { version: '1.0.0' } }] },
      versions: { nodes: [{ digest }], totalCount: 1 },
      trial: null,
    })
    expect(data.none).toBeNull()
  })

  it('is hidden without the permission to read policies', async () => {
    const { as } = shared

    expect(codeOf(await as(monitoring, '{ policies { skill } }'))).toBe('FORBIDDEN')
    expect(codeOf(await as(readOnly, PROPOSE, { input: { skill: SKILL, files: [] } }))).toBe('FORBIDDEN')
    expect(codeOf(await as(operator, PUBLISH, { input: { skill: SKILL, digest: 'd' } }))).toBe('FORBIDDEN')
  })
})

describe('a proposal', () => {
  it('is kept whole, under its author, and decides nothing', async () => {
    const { as, policies, rulesWith } = await serve()
    const input = { skill: SKILL, files: rulesWith('"confidence": 88', '"confidence": 87') }

    const [first, again] = [await as(operator, PROPOSE, { input }), await as(other, PROPOSE, { input })]

    expect(first.data.proposePolicy.policy).toMatchObject({
      skill: SKILL,
      version: '1.0.0',
      author: 'a-operator',
      files: FILES.map((path) => ({ path })),
    })
    expect(again.data).toEqual(first.data)
    await policies.refresh()
    expect(policies.inForce('REFUND_REQUEST').digest).not.toBe(first.data.proposePolicy.policy.digest)
  })

  it('that is broken is refused with every problem, its file and its line', async () => {
    const { as, rulesWith } = shared
    const files = rulesWith('"DEFECTIVE"', '"DEFEKT"')

    const { errors } = await as(operator, PROPOSE, { input: { skill: SKILL, files } })

    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'SKILLS_REFUSED',
          problems: [{ file: 'refund-policy/rules.json', line: expect.any(Number), path: 'rules[13].when.reason' }],
        },
      },
    ])
  })

  it('is refused where it changes nothing, has no policy, or another purpose', async () => {
    const { as, desk, rulesWith } = shared
    const ofDispute = await desk.views.deploymentsOf(['dispute-policy'])
    const [dispute] = await desk.views.filesOf([ofDispute[0]![0]!.digest])
    const stolen = dispute!.map((file) =>
      file.path === 'SKILL.md'
        ? { ...file, content: file.content.replace('name: dispute-policy', `name: ${SKILL}`) }
        : file,
    )
    const propose = async (skill: string, files: object) =>
      codeOf(await as(operator, PROPOSE, { input: { skill, files } }))

    expect(await propose(SKILL, rulesWith('', ''))).toBe('POLICY_UNCHANGED')
    expect(await propose('nothing', rulesWith('', ''))).toBe('POLICY_NOT_FOUND')
    expect(await propose(SKILL, stolen)).toBe('BAD_USER_INPUT')
  })

  it.for([
    ['files', []],
    ['files.0.path', [{ path: 'x'.repeat(201), content: '' }]],
    ['files.0.content', [{ path: 'rules.json', content: 'half \ud800' }]],
    ['files', Array.from({ length: 101 }, (_, index) => ({ path: `f${index}`, content: '' }))],
  ] as const)('is refused at %s', ([path, files]) => {
    expect(problemsOf({ skill: SKILL, files }).map((problem) => problem.path.join('.'))).toEqual([path])
  })

  it.for([
    [[{ path: '../x', content: '' }], ['input', 'files', '0', 'path']],
    [[{ path: '/etc/passwd', content: '' }], ['input', 'files', '0', 'path']],
    [[{ path: 'references/../../x', content: '' }], ['input', 'files', '0', 'path']],
    [[{ path: 'elsewhere/x', content: '' }], ['input', 'files', '0', 'path']],
    [
      [
        { path: 'a', content: '' },
        { path: 'a', content: '' },
      ],
      ['input', 'files', '1', 'path'],
    ],
    [[{ path: 'a', content: 'x'.repeat(900_001) }], null],
  ] as const)('within its limits only: %#', ([files, argumentPath]) => {
    if (argumentPath === null) return expect(checkFiles(files)).toBe(files)

    expect(() => checkFiles(files)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', facts: expect.objectContaining({ argumentPath }) }),
    )
  })
})

describe('four eyes', () => {
  it('are needed to publish, to roll back and for a SPLIT trial, but not for a SHADOW trial', async () => {
    const { as, desk } = await serve()
    const { digest } = await desk.propose('2.0.0', 'a-admin')
    const input = { skill: SKILL, digest }

    const alone = [
      await as(admin, PUBLISH, { input }),
      await as(admin, ROLL_BACK, { input: { ...input, reason: 'x' } }),
      await as(admin, START_TRIAL, { input: { ...input, mode: 'SPLIT', share: 0.1 } }),
    ]
    const shadow = await as(admin, START_TRIAL, { input: { ...input, mode: 'SHADOW' } })
    const split = await as(other, START_TRIAL, { input: { ...input, mode: 'SPLIT', share: 0.1 } })
    const published = await as(other, PUBLISH, { input })

    expect(alone.map(codeOf)).toEqual(['FOUR_EYES_REQUIRED', 'FOUR_EYES_REQUIRED', 'FOUR_EYES_REQUIRED'])
    expect(shadow.data.startPolicyTrial.policy.trial).toMatchObject({ mode: 'SHADOW', share: 0, startedBy: 'a-admin' })
    expect(split.data.startPolicyTrial.policy.trial).toMatchObject({ mode: 'SPLIT', share: 0.1, candidate: { digest } })
    expect(published.data.publishPolicy).toMatchObject({
      deployment: { source: 'PUBLISHED', by: 'a-second-admin', policy: { digest, author: 'a-admin' } },
      policy: { inForce: { digest } },
    })
  })

  it('are not required of a version that came from the folder', async () => {
    const { as, desk } = await serve()
    const { digest } = await desk.propose('2.0.0', 'a-admin')
    await as(other, PUBLISH, { input: { skill: SKILL, digest } })

    const back = await as(admin, ROLL_BACK, { input: { skill: SKILL, reason: 'Too generous.' } })

    expect(back.data.rollbackPolicy).toEqual({
      deployment: { source: 'ROLLED_BACK', policy: { version: '1.0.0' } },
      policy: { deployments: { nodes: [{ source: 'ROLLED_BACK' }, { source: 'PUBLISHED' }, { source: 'FOLDER' }] } },
    })
  })
})

describe('a refused change of a policy', () => {
  it('is refused by code', async () => {
    const { as, desk, policies } = shared
    const { digest } = policies.inForce('REFUND_REQUEST')
    const never = (await desk.propose('2.0.0')).digest
    const publish = async (input: object) => codeOf(await as(admin, PUBLISH, { input: { skill: SKILL, ...input } }))
    const rollBack = async (input: object) => codeOf(await as(admin, ROLL_BACK, { input: { skill: SKILL, ...input } }))
    const start = async (input: object) => codeOf(await as(admin, START_TRIAL, { input: { skill: SKILL, ...input } }))

    expect(await publish({ digest })).toBe('POLICY_UNCHANGED')
    expect(await publish({ digest: 'nothing' })).toBe('POLICY_VERSION_NOT_FOUND')
    expect(await publish({ digest: policies.inForce('DECLINE').digest })).toBe('POLICY_VERSION_NOT_FOUND')
    expect(await publish({ skill: 'nothing', digest })).toBe('POLICY_NOT_FOUND')
    expect(await rollBack({ reason: 'x' })).toBe('POLICY_VERSION_NOT_FOUND')
    expect(await rollBack({ digest: never, reason: 'x' })).toBe('POLICY_VERSION_NOT_FOUND')
    expect(await rollBack({ digest, reason: 'x' })).toBe('POLICY_UNCHANGED')
    expect(await rollBack({ reason: ' ' })).toBe('BAD_USER_INPUT')
    expect(await rollBack({ reason: 'x'.repeat(501) })).toBe('BAD_USER_INPUT')
    expect(await start({ digest, mode: 'SHADOW' })).toBe('POLICY_UNCHANGED')
    expect(await start({ digest: never, mode: 'SPLIT', share: 0.6 })).toBe('BAD_USER_INPUT')
    expect(codeOf(await as(admin, `mutation { endPolicyTrial(skill: "${SKILL}") { policy { skill } } }`))).toBe(
      'POLICY_NOT_ON_TRIAL',
    )
  })
})

function readShippedPolicy() {
  const read = (file: string) => readFileSync(new URL(`../../skills/${SKILL}/${file}`, import.meta.url), 'utf8')
  const parsed = parseSkill(SKILL, new Map(FILES.map((file) => [file, read(file)])))
  if ('problems' in parsed) throw new Error('the policy is broken')
  return parsed.skill
}

const REPLAY = `query ($id: ID!) { replayDecision(id: $id) {
  same action confidence routing policyApplied reasoning decision { id policy { version author } } } }`

describe('a decision made again', () => {
  const shipped = readShippedPolicy()
  const stored = (change: Partial<StoredDecision> = {}): StoredDecision => ({
    ...decideByRules(refundCase(), shipped),
    ...{
      id: 'dec_1',
      issueId: 'iss_1',
      jobId: 'j',
      case: refundCase(),
      review: null,
      tenant: 'default',
      decidedAt: new Date(0),
    },
    ...{ routing: 'AUTO_RESOLVE', durationMs: 1, blind: false, autonomySuspended: false, shadow: null },
    ...change,
  })

  it('is the same by the version that made it, though another one is in force now', async () => {
    const { as, desk } = await serve([stored()])
    await desk.edit('rules.json', /"confidence": 88/g, '"confidence": 20')
    const { policies } = await desk.open()

    const { data, errors } = await as(readOnly, REPLAY, { id: 'dec_1' })

    expect(errors).toEqual([])
    expect(data.replayDecision).toMatchObject({
      same: true,
      action: 'APPROVE_REFUND',
      confidence: 88,
      routing: 'AUTO_RESOLVE',
      policyApplied: 'refund-policy §3.2 defective-prompt',
      decision: { id: 'dec_1', policy: { version: '1.0.0', author: null } },
    })
    expect(decideByRules(refundCase(), policies.inForce('REFUND_REQUEST')).confidence).toBe(20)
  })

  it('is the same despite oversight, and different if a model decided otherwise', async () => {
    const { as } = await serve([
      stored({ id: 'held', routing: 'HUMAN_REVIEW', autonomySuspended: true }),
      stored({ id: 'model', engine: 'AI', reasoning: 'The customer is right.' }),
    ])

    const answers = await Promise.all(['held', 'model'].map((id) => as(readOnly, REPLAY, { id })))

    expect(answers.map(({ data }) => data.replayDecision.same)).toEqual([true, false])
  })

  it('is refused if it, its version or its case is not stored, and while it awaits a blind review', async () => {
    const { case: _, ...caseless } = stored({ id: 'old' })
    const { as } = await serve([
      caseless as StoredDecision,
      stored({ id: 'lost', policy: { skill: SKILL, version: '0.1.0', digest: 'gone' } }),
      stored({ id: 'blind', blind: true, routing: 'HUMAN_REVIEW' }),
    ])

    const answers = await Promise.all(['none', 'old', 'lost', 'blind'].map((id) => as(readOnly, REPLAY, { id })))

    expect(answers.map(codeOf)).toEqual([
      'DECISION_NOT_FOUND',
      'DECISION_NOT_REPLAYABLE',
      'POLICY_VERSION_NOT_FOUND',
      'DECISION_NOT_FOUND',
    ])
  })
})
