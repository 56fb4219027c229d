import { parse } from 'graphql'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openPlanPool } from '../src/execution/planning/plan-pool.ts'
import { composeSubgraphs } from './foreign-graph.ts'
import { openGraph } from './graph-of-test.ts'

function openPool(options: Parameters<typeof openPlanPool>[0]) {
  const pool = openPlanPool(options)
  onTestFinished(pool.close)
  return pool
}

const SDL = 'type Query { ping(n: Int): Int deep: Query }'

describe('a document that cannot be planned within its limits', () => {
  it('is refused, and refused again without another try', async () => {
    // No document is planned within no time.
    const { openPlanner } = openPool({ timeoutMs: 1 })
    const graph = await openGraph({ a: { sdl: SDL, respond: () => ({}) } }, { openPlanner })
    const query = `{ ${Array.from({ length: 15 }, (_, n) => `a${n}: deep { deep { ping(n: ${n}) } }`).join(' ')} }`

    const answers = [await graph.ask(query), await graph.ask(query)]

    const refused = { errors: [{ extensions: { code: 'QUERY_TOO_COSTLY' } }] }
    expect(answers).toMatchObject([refused, refused])
  })
})

describe('the planner', () => {
  it('hands back what it throws, and goes on planning', async () => {
    const plan = openPool({}).openPlanner(composeSubgraphs({ a: SDL }))

    await expect(plan(parse('{ unknown }'), null)).rejects.toMatchObject({ name: 'PlanningError', failure: 'error' })
    expect(await plan(parse('{ ping }'), null)).toMatchObject({ node: { kind: 'Fetch', operation: '{ping}' } })
  })

  it('plans each of several supergraphs by its own text, whichever came last', async () => {
    const { openPlanner } = openPool({})
    const [first, other] = [composeSubgraphs({ a: SDL }), composeSubgraphs({ a: 'type Query { other: Int }' })]
    const plans = [openPlanner(first), openPlanner(other), openPlanner(first)]

    const asked = await Promise.allSettled(plans.map((plan) => plan(parse('{ ping }'), null)))

    expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})
