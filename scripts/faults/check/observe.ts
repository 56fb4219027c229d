import type { Ask } from '../load/caller.ts'
import type { Counted, Observation, SeenIssue } from './observation.ts'

type Counts = Readonly<{ stored: number; analytics: Counted }>
type Page<Node> = { nodes: readonly Node[]; pageInfo: { hasNextPage: boolean; endCursor: string } }

const DAY_MS = 24 * 60 * 60 * 1000

const COUNTS = `query Counts($from: DateTime!, $to: DateTime!) {
  issues(first: 1) { totalCount }
  decisionAnalytics(from: $from, to: $to) { total { decisions reviewed } }
}`

/** How much is stored, to be compared before and after a run. */
export async function readCounts(ask: Ask): Promise<Counts> {
  type Data = { issues: { totalCount: number }; decisionAnalytics: { total: Counted } }
  const [from, to] = [-1, 1].map((days) => new Date(Date.now() + days * DAY_MS).toISOString())
  const { issues, decisionAnalytics } = await ask<Data>('admin', COUNTS, { from, to })
  return { stored: issues.totalCount, analytics: decisionAnalytics.total }
}

const ISSUES = `query Issues($after: String) {
  issues(first: 50, after: $after) {
    nodes {
      id status version failure resolution { by } statusHistory { from to at }
      decisions { id action review { action } }
      auditTrail(first: 20) { nodes { id action sequence } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

type IssueNode = Omit<SeenIssue, 'auditTrail'> & { auditTrail: { nodes: SeenIssue['auditTrail'] } }

/** The issues of these ids, and those between them: newest first until all are found. */
export async function readIssues(ask: Ask, ids: ReadonlySet<string>): Promise<readonly SeenIssue[]> {
  const wanted = new Set(ids)
  const found: SeenIssue[] = []
  let after: string | null = null
  while (wanted.size > 0) {
    const { issues }: { issues: Page<IssueNode> } = await ask('admin', ISSUES, { after })
    for (const { auditTrail, ...issue } of issues.nodes) {
      if (wanted.delete(issue.id)) found.push({ ...issue, auditTrail: auditTrail.nodes })
    }
    if (!issues.pageInfo.hasNextPage) break
    after = issues.pageInfo.endCursor
  }
  return found
}

const RECORDED = `query Recorded($after: String, $filter: AuditFilter!) {
  auditLog(first: 100, after: $after, filter: $filter) { nodes { entityId } pageInfo { hasNextPage endCursor } }
}`

/** The ids of the decisions that are on record since `since`, one for each entry. */
async function readRecordedDecisions(ask: Ask, since: string): Promise<readonly string[]> {
  const found: string[] = []
  for (let after: string | null = null; ; ) {
    const filter = { action: 'decision.made', after: since }
    const { auditLog }: { auditLog: Page<{ entityId: string }> } = await ask('admin', RECORDED, { after, filter })
    found.push(...auditLog.nodes.map(({ entityId }) => entityId))
    if (!auditLog.pageInfo.hasNextPage) return found
    after = auditLog.pageInfo.endCursor
  }
}

const RECORDS = `query Records {
  verifyAuditChain { valid reason }
  policy(skill: "decline-policy") { deployments { policy { digest } } }
}`

type Records = {
  verifyAuditChain: Observation['chain']
  policy: { deployments: readonly { policy: { digest: string } }[] }
}

export type Seen = Pick<Observation, 'issues' | 'chain' | 'recordedDecisions' | 'deployedPolicies'> &
  Readonly<{ counts: Counts }>

/** Reads everything that the checks compare. @throws GraphqlError while something cannot be read */
export async function observe(ask: Ask, ids: ReadonlySet<string>, since: string): Promise<Seen> {
  const issues = await readIssues(ask, ids)
  const recordedDecisions = await readRecordedDecisions(ask, since)
  const { verifyAuditChain: chain, policy } = await ask<Records>('admin', RECORDS)
  const deployedPolicies = policy.deployments.map((one) => one.policy.digest)
  return { issues, chain, recordedDecisions, deployedPolicies, counts: await readCounts(ask) }
}
