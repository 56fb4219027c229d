import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { type GraphQLFormattedError, getVariableValues, type OperationDefinitionNode, parse, print } from 'graphql'
import { describe, expect, it } from 'vitest'
import { Random } from '../../../scripts/random.ts'
import { compileOperation, type OperationResult } from '../../src/execution/operation.ts'
import type { OperationContext } from '../../src/execution/operation-context.ts'
import { createPlanner } from '../../src/execution/planning/planner.ts'
import { loadSupergraph } from '../../src/execution/planning/supergraph.ts'
import { createReference } from '../../src/execution/reference.ts'
import { toPlannable } from '../../src/operations/documents/plannable.ts'
import { randomOperation } from './random-operations.ts'
import { type Health, randomSubgraphs } from './random-subgraphs.ts'
import { composeRichGraph } from './rich-graph.ts'

const OURS = readFileSync(new URL('../../supergraph.graphql', import.meta.url), 'utf8')
const WELL: Omit<Health, 'seed'> = { fails: 0, nulls: 0, lies: 0, errors: 0 }

/** The parts of an answer that must be equal. */
function comparable({ data, errors }: OperationResult) {
  const [violations, reported] = partition(errors, ({ extensions }) => extensions?.code === 'SUBGRAPH_INVALID_ANSWER')
  return {
    data: JSON.parse(data),
    reported: [...new Set(reported.map(simplify))].toSorted(),
    // Each names some of the values that the schema forbids; once a subgraph has reported an error, the reference none.
    isViolated: reported.length === 0 && violations.length > 0,
  }
}

function partition<T>(all: readonly T[], isOfFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isOfFirst), all.filter((one) => !isOfFirst(one))]
}

/** The reference does not say which fields a subgraph took away that gave no answer at all. */
function simplify({ message, path, extensions }: GraphQLFormattedError): string {
  const { code, serviceName, service = serviceName, ...facts } = extensions ?? {}
  if (code === 'SUBGRAPH_UNAVAILABLE') return JSON.stringify({ code, service })
  // The reference counts wrongly where it did not ask about every element of a list.
  const place = path?.map((key) => (typeof key === 'number' ? '*' : key))
  return JSON.stringify({ message, place, code, service, ...facts })
}

function createComparison(supergraphText: string) {
  const supergraph = loadSupergraph(supergraphText)
  const { schema, types, urls } = supergraph
  const planner = createPlanner(supergraphText)

  return async (seed: number, health: Omit<Health, 'seed'>) => {
    const { text, variables } = randomOperation(schema, new Random(seed))
    const document = parse(text)
    const operation = document.definitions[0] as OperationDefinitionNode
    const { coerced, errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables)
    if (errors) throw new Error(`${errors}`)
    const sourceOf = randomSubgraphs(supergraphText, { ...health, seed })
    const sources = Object.fromEntries(Object.keys(urls).map((name) => [name, sourceOf(name)]))
    const { plannedKey } = supergraph
    const plannable = toPlannable(document, { schema, plannedKey, isLeftOut: () => false })
    const plan = () => planner.plan(print(plannable), 'Op')
    const input = { variables, coerced: coerced!, context: {} as OperationContext }

    const environment = { sources, types }
    const parts = {
      schema,
      document,
      operation,
      plan: plan(),
      environment,
      refusalAt: () => null,
      plannedKey,
      values: {},
    }
    const ours = await compileOperation(parts)(input)
    const theirs = await createReference({ supergraph, document, operation, plan: plan(), sources })(input)
    return { text, ours: comparable(ours), theirs: comparable(theirs) }
  }
}

const HEALTH: [string, Omit<Health, 'seed'>][] = [
  ['are well', WELL],
  ['have nothing to say here and there', { ...WELL, nulls: 0.25 }],
  ['refuse some fields', { ...WELL, nulls: 0.1, errors: 0.15 }],
  ['are sometimes away', { ...WELL, nulls: 0.05, fails: 0.25 }],
  ['break the promises of their schema', { ...WELL, nulls: 0.05, lies: 0.1 }],
  ['are in a bad way altogether', { fails: 0.1, nulls: 0.15, lies: 0.05, errors: 0.1 }],
]

describe.for<[string, string]>([
  ['our graph', OURS],
  ['a graph with interfaces, lists of lists, computed fields and several keys', composeRichGraph()],
])('on %s', ([, supergraph]) => {
  const compare = createComparison(supergraph)

  it.for(HEALTH)('answers as the reference does when the subgraphs %s', async ([, health]) => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { text, ours, theirs } = await compare(seed, health)

        if (!isDeepStrictEqual(ours, theirs)) expect({ seed, text, ...ours }).toEqual({ seed, text, ...theirs })
      }),
      { numRuns: Number(process.env.DIFFERENTIAL_RUNS ?? 4), seed: Number(process.env.DIFFERENTIAL_SEED ?? 1) },
    )
  })
})
