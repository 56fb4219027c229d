import { setTimeout as pause } from 'node:timers/promises'
import { callGraphql, type Endpoint } from '../../stack/samples/graphql-client.ts'

const ROWS = 100
const CALLERS = 4
/** Seldom: asking costs the stack that is measured. Times are those of the issues, not of the poll. */
const POLL_MS = 250

const CREATE = `mutation Fill($inputs: [CreateIssueInput!]!) {
  createIssues(inputs: $inputs) { failed results { issue { id } } }
}`

/** Creates issues as fast as they are accepted. Returns how long that took, in seconds. */
export async function createIssues(endpoint: Endpoint, count: number, keyPrefix: string): Promise<number> {
  const began = performance.now()
  let next = 0
  const caller = async () => {
    while (next < count) {
      const first = next
      next += ROWS
      const inputs = Array.from({ length: Math.min(ROWS, count - first) }, (_, row) =>
        toInput(`${keyPrefix}-${first + row}`),
      )
      const { createIssues } = await callGraphql<{ createIssues: { failed: number } }>(endpoint, CREATE, { inputs })
      if (createIssues.failed > 0) throw new Error(`${createIssues.failed} of ${inputs.length} issues were refused`)
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return (performance.now() - began) / 1000
}

function toInput(idempotencyKey: string) {
  const details = { decline: { errorCode: 'INSUFFICIENT_FUNDS', autoRetryCount: 1 } }
  return { idempotencyKey, customerId: 'cust_042', transactionId: 'txn_5521', details }
}

const OPEN =
  '{ pending: issues(filter: { status: [PENDING] }, first: 1) { nodes { id } } processing: issues(filter: { status: [PROCESSING] }, first: 1) { nodes { id } } }'

/** Waits until no issue is pending or being processed. */
export async function untilAllDecided(endpoint: Endpoint): Promise<void> {
  type Open = { nodes: readonly unknown[] }
  for (;;) {
    const { pending, processing } = await callGraphql<{ pending: Open; processing: Open }>(endpoint, OPEN)
    if (pending.nodes.length + processing.nodes.length === 0) return
    await pause(POLL_MS)
  }
}

const AUDITED = '{ auditLog(first: 1) { nodes { sequence } } }'

/** Waits until the audit log has not grown for some time. */
export async function untilRecorded(endpoint: Endpoint): Promise<void> {
  let before = -1
  for (;;) {
    const { auditLog } = await callGraphql<{ auditLog: { nodes: readonly { sequence: number }[] } }>(endpoint, AUDITED)
    const now = auditLog.nodes[0]?.sequence ?? 0
    if (now === before) return
    before = now
    await pause(POLL_MS)
  }
}

const NEWEST = `query Newest($after: String) {
  issues(first: 100, after: $after) { nodes { createdAt statusHistory { at } } pageInfo { endCursor } }
}`

export type Course = Readonly<{ createdAtMs: number; finalAtMs: number }>

/** The times at which each of the newest issues was created and final. */
export async function readCourses(endpoint: Endpoint, count: number): Promise<readonly Course[]> {
  type Page = {
    issues: {
      nodes: readonly { createdAt: string; statusHistory: readonly { at: string }[] }[]
      pageInfo: { endCursor: string }
    }
  }
  const courses: Course[] = []
  let after: string | null = null
  while (courses.length < count) {
    const { issues }: Page = await callGraphql<Page>(endpoint, NEWEST, { after })
    for (const { createdAt, statusHistory } of issues.nodes) {
      courses.push({ createdAtMs: Date.parse(createdAt), finalAtMs: Date.parse(statusHistory.at(-1)!.at) })
    }
    after = issues.pageInfo.endCursor
  }
  return courses.slice(0, count)
}
