import type { Observation, SeenIssue } from './observation.ts'
import { type Violation, violate } from './violation.ts'

/** The agreed table, written again: a check with the code's own table would share its bugs. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  PENDING: ['PROCESSING', 'FAILED'],
  PROCESSING: ['RESOLVED', 'AWAITING_REVIEW', 'FAILED', 'PENDING'],
  AWAITING_REVIEW: ['RESOLVED'],
  FAILED: ['PENDING'],
  RESOLVED: [],
}
const FINAL = ['RESOLVED', 'AWAITING_REVIEW']

type Acts = Pick<Observation, 'reviewed' | 'failed' | 'retried'>

/** One final status, one chain of moves, one decision, one audit entry for each move. */
export function checkIssue(issue: SeenIssue, { reviewed, failed, retried }: Acts): readonly Violation[] {
  const problems = [...checkMoves(issue), ...checkDecisions(issue), ...checkAuditTrail(issue)]
  const { id, status, failure, statusHistory } = issue
  const failures = statusHistory.filter(({ to }) => to === 'FAILED').length
  if (failures > (failed.has(id) ? 1 : 0)) problems.push(violate('failed', id, failure ?? 'failed, and was retried'))
  else if (!FINAL.includes(status)) problems.push(violate('not final', id, `is ${status}`))
  if (retried.has(id) && !statusHistory.some(({ from }) => from === 'FAILED')) {
    problems.push(violate('lost retry', id, 'the retry was acknowledged'))
  }
  if (reviewed.has(id) && status !== 'RESOLVED') {
    problems.push(violate('lost review', id, `the review was acknowledged, and the issue is ${status}`))
  }
  return problems
}

function checkMoves({ id, status, version, statusHistory }: SeenIssue): readonly Violation[] {
  const path = statusHistory.map(({ to }) => to)
  const isChain = statusHistory.every(({ from, to }, index) => {
    if (index === 0) return from === null && to === 'PENDING'
    return from === path[index - 1] && (NEXT[from ?? ''] ?? []).includes(to)
  })
  // An issue that a decision did not fail is processed once.
  const isDoubled = path.filter((to) => to === 'PROCESSING').length > 1 && !path.includes('FAILED')
  if (isChain && !isDoubled && path.at(-1) === status && version === path.length) return []
  return [violate('broken history', id, `${path.join(' → ')}; status ${status}, version ${version}`)]
}

/** The id of a decision names the move to PENDING that asked for it: an issue that is decided has that of the last one. */
export function decisionIdOf({ id, statusHistory }: SeenIssue): string {
  return `dec_${id.replace(/^iss_/, '')}-${statusHistory.findLastIndex(({ to }) => to === 'PENDING') + 1}`
}

function checkDecisions(issue: SeenIssue): readonly Violation[] {
  const { id, status, decisions } = issue
  const awaited = decisionIdOf(issue)
  const others = decisions.filter((decision) => decision.id !== awaited)
  if (others.length > 0 || decisions.length > 1) {
    return [violate('doubled decision', id, `awaits ${awaited}, has ${decisions.map((one) => one.id).join(', ')}`)]
  }
  return decisions.length === 0 && FINAL.includes(status) ? [violate('lost decision', id, `is ${status}`)] : []
}

/** The entries are those of the moves, in their order, each once. */
function checkAuditTrail({ id, statusHistory, auditTrail }: SeenIssue): readonly Violation[] {
  const expected = statusHistory.map((_, index) => `aud_${id}-${index + 1}`)
  const moves = auditTrail.filter((entry) => entry.id.startsWith(`aud_${id}-`))
  const problems = expected
    .filter((entryId) => !moves.some((entry) => entry.id === entryId))
    .map((entryId) => violate('lost audit entry', id, `${entryId} is missing`))
  if (moves.length > expected.length) {
    problems.push(violate('doubled audit entry', id, moves.map((entry) => entry.id).join(', ')))
  }
  const order = moves.toSorted((a, b) => a.sequence - b.sequence).map((entry) => entry.id)
  const inOrder = expected.filter((entryId) => order.includes(entryId))
  if (problems.length === 0 && order.join() !== inOrder.join())
    problems.push(violate('audit order', id, order.join(', ')))
  return problems
}
