import type { ConditionNode, FlattenNode, PlanNode } from '@apollo/query-planner'
import type { Row } from '../json.ts'
import type { SubgraphSource } from '../subgraphs/subgraph-source.ts'
import type { TypeTable } from '../type-table.ts'
import { compileEntityFetch } from './entity-step.ts'
import { compileRootFetch } from './fetch-step.ts'
import { rowsAt } from './places.ts'
import type { Step } from './plan-run.ts'

export type PlanEnvironment = Readonly<{
  sources: Readonly<Record<string, SubgraphSource>>
  types: TypeTable
}>

/** The plan has a step that this executor does not support. */
export class UnsupportedPlanError extends Error {
  override readonly name = 'UnsupportedPlanError'
}

/** Compiles a plan to a function that runs it. @throws UnsupportedPlanError */
export function compilePlan(node: PlanNode, environment: PlanEnvironment): Step {
  switch (node.kind) {
    case 'Fetch': {
      const source = environment.sources[node.serviceName]
      if (source === undefined) throw new UnsupportedPlanError(`There is no service ${node.serviceName}.`)
      if (node.contextRewrites?.length) throw new UnsupportedPlanError('The plan uses @fromContext.')
      const compile = node.requires ? compileEntityFetch : compileRootFetch
      return compile(node, source, environment.types)
    }
    case 'Sequence':
      return sequence(node.nodes.map((child) => compilePlan(child, environment)))
    case 'Parallel':
      return parallel(node.nodes.map((child) => compilePlan(child, environment)))
    case 'Flatten':
      return flatten(node, environment)
    case 'Condition':
      return condition(node, environment)
    default:
      throw new UnsupportedPlanError(`The plan has a step of kind ${node.kind}.`)
  }
}

function sequence(steps: readonly Step[]): Step {
  return async (run, spot) => {
    for (const step of steps) await step(run, spot)
  }
}

function parallel(steps: readonly Step[]): Step {
  return async (run, spot) => {
    await Promise.all(steps.map((step) => step(run, spot)))
  }
}

function flatten({ path, node }: FlattenNode, environment: PlanEnvironment): Step {
  const step = compilePlan(node, environment)
  const pattern = path.map(String)
  return (run, spot) => {
    const rows = spot.rows.flatMap((row) => rowsAt(row, pattern)) as Row[]
    if (rows.length > 0) return step(run, { rows, path: [...spot.path, ...pattern] })
  }
}

function condition({ condition: variable, ifClause, elseClause }: ConditionNode, environment: PlanEnvironment): Step {
  const whenTrue = ifClause && compilePlan(ifClause, environment)
  const whenFalse = elseClause && compilePlan(elseClause, environment)
  return (run, spot) => (run.conditions[variable] === true ? whenTrue : whenFalse)?.(run, spot)
}
