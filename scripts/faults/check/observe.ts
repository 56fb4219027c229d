import type { Ask } from '../load/caller.ts'
import {
  type Counted,
  type DeadLetter,
  type Observation,
  RECORDED_ACTIONS,
  type Recorded,
  type RecordedAction,
  type SeenIssue,
} from './observation.ts'

/** The state before a run, with which the state after it is compared. */
export type Before = Readonly<{
  stored: number
  analytics: Counted
  /** The sequence of the newest audit entry. */
  recordedTo: number
  deadLetters: ReadonlySet<string>
}>
type Page<Node> = { nodes: readonly Node[]; pageInfo: { hasNextPage: boolean; endCursor: string } }

const DAY_MS = 24 * 60 * 60 * 1000
/** Beyond every clock that is wrong. */
const DAYS = 2

const COUNTS = `query Counts($from: DateTime!, $to: DateTime!) {
  issues(first: 1) { totalCount }
  decisionAnalytics(from: $from, to: $to) { total { decisions reviewed } }
}`

/** How much is stored. */
async function readCounts(ask: Ask): Promise<Pick<Before, 'stored' | 'analytics'>> {
  type Data = { issues: { totalCount: number }; decisionAnalytics: { total: Counted } }
  const [from, to] = [-DAYS, DAYS].map((days) => new Date(Date.now() + days * DAY_MS).toISOString())
  const { issues, decisionAnalytics } = await ask<Data>('admin', COUNTS, { from, to })
  return { stored: issues.totalCount, analytics: decisionAnalytics.total }
}

export async function readBefore(ask: Ask): Promise<Before> {
  const newest = 'query Newest { auditLog(first: 1) { nodes { sequence } } }'
  const { auditLog } = await ask<{ auditLog: { nodes: readonly { sequence: number }[] } }>('admin', newest)
  const deadLetters = new Set((await readDeadLetters(ask)).map(({ id }) => id))
  return { ...(await readCounts(ask)), recordedTo: auditLog.nodes[0]?.sequence ?? 0, deadLetters }
}

const OPEN = 'query Open { issues(first: 1, filter: { status: [PENDING, PROCESSING, FAILED] }) { totalCount } }'

/** How many issues are neither resolved nor await a review. */
export async function countOpen(ask: Ask): Promise<number> {
  const { issues } = await ask<{ issues: { totalCount: number } }>('admin', OPEN)
  return issues.totalCount
}

const ISSUES = `query Issues($after: String) {
  issues(first: 50, after: $after) {
    nodes {
      id status version failure resolution { by } statusHistory { from to at }
      decisions { nodes { id engine review { action } } }
      auditTrail(first: 20) { nodes { id action sequence } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

type IssueNode = Omit<SeenIssue, 'auditTrail' | 'decisions'> & {
  auditTrail: { nodes: SeenIssue['auditTrail'] }
  decisions: { nodes: SeenIssue['decisions'] }
}

/** The issues of these ids, newest first until all are found. */
async function readIssues(ask: Ask, ids: ReadonlySet<string>): Promise<readonly SeenIssue[]> {
  const wanted = new Set(ids)
  const found: SeenIssue[] = []
  let after: string | null = null
  while (wanted.size > 0) {
    const { issues }: { issues: Page<IssueNode> } = await ask('admin', ISSUES, { after })
    for (const { auditTrail, decisions, ...issue } of issues.nodes) {
      if (wanted.delete(issue.id)) found.push({ ...issue, auditTrail: auditTrail.nodes, decisions: decisions.nodes })
    }
    if (!issues.pageInfo.hasNextPage) break
    after = issues.pageInfo.endCursor
  }
  return found
}

const RECORDED = `query Recorded($after: String, $filter: AuditFilter!) {
  auditLog(first: 100, after: $after, filter: $filter) {
    nodes { entityId sequence changes } pageInfo { hasNextPage endCursor }
  }
}`

type Entry = { entityId: string; sequence: number; changes: { digest?: { after: unknown } } }

/** The entries of an action behind the sequence `from`, newest first. */
async function readRecorded(ask: Ask, action: RecordedAction, from: number): Promise<readonly Recorded[]> {
  const found: Recorded[] = []
  for (let after: string | null = null; ; ) {
    const page: { auditLog: Page<Entry> } = await ask('admin', RECORDED, {
      after,
      filter: { action: toAuditAction(action) },
    })
    const { nodes, pageInfo } = page.auditLog
    const own = nodes.filter(({ sequence }) => sequence > from)
    for (const { entityId, changes } of own) {
      found.push({ entityId, digest: changes.digest ? String(changes.digest.after) : null })
    }
    if (own.length < nodes.length || !pageInfo.hasNextPage) return found
    after = pageInfo.endCursor
  }
}

/** How many audit entries are about each entity. */
async function countEntries(ask: Ask, entityIds: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const query = 'query Entries($id: ID!) { auditLog(first: 1, filter: { entityId: $id }) { totalCount } }'
  const counts = entityIds.map(async (id) => {
    const { auditLog } = await ask<{ auditLog: { totalCount: number } }>('admin', query, { id })
    return [id, auditLog.totalCount] as const
  })
  return Object.fromEntries(await Promise.all(counts))
}

/** The name of an event in the schema: `policy.published` is POLICY_PUBLISHED. */
const toAuditAction = (event: string) => event.replace('.', '_').toUpperCase()

const LETTER = 'nodes { id group entityId nextAttemptAt }'
const DEAD_LETTERS = `query DeadLetters {
  issues: issuesDeadLetters(first: 100) { ${LETTER} }
  decisions: decisionsDeadLetters(first: 100) { ${LETTER} }
  audit: auditDeadLetters(first: 100) { ${LETTER} }
}`

type LetterNode = { id: string; group: string; entityId: string | null; nextAttemptAt: string | null }

async function readDeadLetters(ask: Ask): Promise<readonly DeadLetter[]> {
  const groups = await ask<Record<string, { nodes: readonly LetterNode[] }>>('admin', DEAD_LETTERS)
  return Object.values(groups)
    .flatMap(({ nodes }) => nodes)
    .map(({ nextAttemptAt, ...letter }) => ({ ...letter, isDead: nextAttemptAt === null }))
}

const REPLAY = `mutation Replay {
  issues: replayIssuesDeadLetters { replayed }
  decisions: replayDecisionsDeadLetters { replayed }
  audit: replayAuditDeadLetters { replayed }
}`

/** Replays all dead letters, as an operator does who does not know which of them can be read by now. */
export async function replayDeadLetters(ask: Ask): Promise<void> {
  await ask('operator', REPLAY)
}

const RECORDS = `query Records {
  verifyAuditChain { valid reason }
  policy(skill: "decline-policy") { deployments { nodes { policy { digest } } } }
}`

type Records = {
  verifyAuditChain: Observation['chain']
  policy: { deployments: { nodes: readonly { policy: { digest: string } }[] } }
}

export type Seen = Pick<
  Observation,
  'issues' | 'chain' | 'poisonEntries' | 'recorded' | 'deployedPolicies' | 'deadLetters' | 'stored' | 'analytics'
>

type Wanted = Readonly<{ issueIds: ReadonlySet<string>; poisonIds: readonly string[] }>

/** Reads everything that the checks compare. @throws GraphqlError while something cannot be read */
export async function observe(ask: Ask, { issueIds, poisonIds }: Wanted, before: Before): Promise<Seen> {
  const issues = await readIssues(ask, issueIds)
  const recorded = await Promise.all(
    RECORDED_ACTIONS.map(async (action) => [action, await readRecorded(ask, action, before.recordedTo)] as const),
  )
  const { verifyAuditChain: chain, policy } = await ask<Records>('admin', RECORDS)
  const after = await readCounts(ask)
  return {
    issues,
    chain,
    poisonEntries: await countEntries(ask, poisonIds),
    recorded: Object.fromEntries(recorded) as Seen['recorded'],
    deployedPolicies: policy.deployments.nodes.map((one) => one.policy.digest),
    deadLetters: (await readDeadLetters(ask)).filter(({ id }) => !before.deadLetters.has(id)),
    stored: { before: before.stored, after: after.stored },
    analytics: { before: before.analytics, after: after.analytics },
  }
}
