import { readFileSync } from 'node:fs'
import type { Principal } from '@redress/shared/access/permissions.ts'
import { openPlanPool } from '../src/execution/planning/plan-pool.ts'
import { prepareDocument } from '../src/operations/documents/prepare-document.ts'
import { createGraph } from '../src/operations/graph.ts'

/** The time until a document could run, and the longest CPU time for which the event loop did nothing else; both in ms. */
export type ColdTime = Readonly<{ ms: number; block: number }>

const ADMIN: Principal = { id: 'ada', roles: ['admin'], customerId: null, tenant: 'default' }

/** Prepares documents for our graph as the gateway does with those that it has not seen before. */
export function openColdDocuments() {
  const pool = openPlanPool()
  const supergraph = readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8')
  const graph = createGraph(supergraph, {
    sourceOf: () => async () => ({ data: null, errors: [], isPlain: true }),
    local: () => ({}),
    openPlanner: pool.openPlanner,
  })
  return {
    async measure(text: string): Promise<ColdTime> {
      const watch = watchLoop()
      const beganAt = performance.now()
      await prepareDocument(text, null, { graph, hideSuggestions: true }).runFor(ADMIN, {})
      const ms = performance.now() - beganAt
      return { ms, block: await watch.end() }
    },
    close: pool.close,
  }
}

/**
 * Measures the longest time between two turns of the event loop, as CPU time of its thread: on a quiet machine the same,
 * and on a busy one without the time that others take.
 */
function watchLoop() {
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  }
  let last = cpuMs()
  let longest = 0
  let isOver = false
  const turn = () => {
    const now = cpuMs()
    longest = Math.max(longest, now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    async end() {
      await new Promise((turned) => setImmediate(turned))
      isOver = true
      return longest
    },
  }
}
