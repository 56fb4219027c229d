import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import {
  type DocumentNode,
  type GraphQLFormattedError,
  getVariableValues,
  type OperationDefinitionNode,
  parse,
  print,
} from 'graphql'

import { describe, expect, it } from 'vitest'
import { Random } from '../../../scripts/random.ts'
import { compileOperation, type OperationResult } from '../../src/execution/operation.ts'
import type { OperationContext } from '../../src/execution/operation-context.ts'
import { createPlanner } from '../../src/execution/planning/planner.ts'
import { loadSupergraph } from '../../src/execution/planning/supergraph.ts'
import { createReference } from '../../src/execution/reference.ts'
import type { SubgraphSource } from '../../src/execution/subgraphs/subgraph-source.ts'
import { toPlannable } from '../../src/operations/documents/plannable.ts'
import { randomOperation } from './random-operations.ts'
import { answerByMonolith, type Health, randomSubgraphs, WELL } from './random-subgraphs.ts'
import { composeRichGraph } from './rich-graph.ts'

const OURS = readFileSync(new URL('../../supergraph.graphql', import.meta.url), 'utf8')

type Place = readonly (string | number)[] | undefined
/** An error that a subgraph reported: its place, and all else that must be equal. */
type Reported = Readonly<{ place: Place; facts: string }>
/** `data`, the reported errors, and whether an error names a value that the schema forbids. */
type Compared = Readonly<{ data: unknown; reported: readonly Reported[]; isViolated: boolean }>

function comparable({ data, errors }: OperationResult): Compared {
  const [violations, reported] = partition(errors, ({ extensions }) => extensions?.code === 'SUBGRAPH_INVALID_ANSWER')
  return {
    data: JSON.parse(data),
    reported: reported.map(simplify),
    // Each names some of the values that the schema forbids; once a subgraph has reported an error, the reference none.
    isViolated: reported.length === 0 && violations.some(isOfValue),
  }
}

/** Not that a required field has no value: the reference does not explain the null of a field that needs it. */
const isOfValue = ({ extensions }: GraphQLFormattedError) => extensions?.service === undefined

function partition<T>(all: readonly T[], isOfFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isOfFirst), all.filter((one) => !isOfFirst(one))]
}

/** The reference does not say which fields a subgraph took away that gave no answer at all. */
function simplify({ message, path, extensions }: GraphQLFormattedError): Reported {
  const { code, serviceName, service = serviceName, ...facts } = extensions ?? {}
  if (code === 'SUBGRAPH_UNAVAILABLE') return { place: undefined, facts: JSON.stringify({ code, service }) }
  // The reference counts wrongly where it did not ask about every element of a list.
  const place = path?.map((key) => (typeof key === 'number' ? '*' : key))
  return { place, facts: JSON.stringify({ message, code, service, ...facts }) }
}

function isAlike(ours: Compared, theirs: Compared): boolean {
  const explains = (some: Compared, others: Compared) =>
    some.reported.every((one) => others.reported.some((other) => isSameError(one, other)))
  const { data, isViolated } = theirs
  const isSameData = ours.isViolated === isViolated && isDeepStrictEqual(ours.data, data)
  return isSameData && explains(ours, theirs) && explains(theirs, ours)
}

/** The reference names fields that only the plan selects; we, the object whose field needs them. */
function isSameError(one: Reported, other: Reported): boolean {
  if (one.facts !== other.facts || (one.place === undefined) !== (other.place === undefined)) return false
  const [longer = [], shorter = []] = [one.place, other.place].sort((a, b) => b!.length - a!.length)
  return shorter.every((key, at) => key === longer[at])
}

function createComparison(supergraphText: string) {
  const supergraph = loadSupergraph(supergraphText)
  const { schema, types, urls, plannedKey } = supergraph
  const planner = createPlanner(supergraphText)
  const subgraph = randomSubgraphs(supergraphText)

  return async (seed: number, health: Health) => {
    const { text, variables } = randomOperation(schema, new Random(seed))
    const document = parse(text)
    const { variableDefinitions = [] } = operationIn(document)
    const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables)
    if (errors) throw new Error(`${errors}`)
    const plannable = toPlannable(document, { schema, plannedKey, isLeftOut: () => false })
    const plan = () => planner.plan(print(plannable), 'Op')
    const planned = JSON.stringify(plan())
    /** Requests that are not of the plan: for entities of which a required field is missing. */
    const narrowed = new Set<string>()
    const noting = (source: SubgraphSource): SubgraphSource => {
      return (request, ...others) => {
        if (!planned.includes(JSON.stringify(request.query))) narrowed.add(request.query)
        return source(request, ...others)
      }
    }
    const sources = Object.fromEntries(Object.keys(urls).map((name) => [name, noting(subgraph(name, seed, health))]))
    const input = { variables, coerced: coerced!, context: {} as OperationContext }
    const parts = { document, operation: operationIn(document), plannedKey, values: {} }

    const compiled = compileOperation({
      ...parts,
      schema,
      plan: plan(),
      environment: { sources, types },
      refusalAt: () => null,
    })
    const ours = comparable(await compiled(input))
    const isNarrowed = narrowed.size > 0
    const monolith = (): Compared => ({
      data: answerByMonolith(schema, document, { variables: coerced!, seed }),
      reported: [],
      isViolated: false,
    })
    const reference = async () =>
      comparable(await createReference({ ...parts, supergraph, plan: plan(), sources })(input))
    return { text, ours, isNarrowed, monolith, reference }
  }
}

function operationIn({ definitions }: DocumentNode): OperationDefinitionNode {
  return definitions[0] as OperationDefinitionNode
}

const HEALTH: [string, Health][] = [
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
        const { text, ours, isNarrowed, monolith, reference } = await compare(seed, health)
        // The reference asks nothing about an entity of which a required field is missing. One schema has a truth for that
        // where the subgraphs are well; else there is none.
        const judges = health === WELL ? [monolith()] : isNarrowed ? [] : [await reference()]

        for (const theirs of judges) {
          if (!isAlike(ours, theirs)) expect({ seed, text, ...ours }).toEqual({ seed, text, ...theirs })
        }
      }),
      { numRuns: Number(process.env.DIFFERENTIAL_RUNS ?? 4), seed: Number(process.env.DIFFERENTIAL_SEED ?? 1) },
    )
  })
})

it('answers for an entity of which a required field is missing, where the reference does not', async () => {
  const { ours, isNarrowed, monolith, reference } = await createComparison(composeRichGraph())(290, WELL)

  expect(isNarrowed).toBe(true)
  expect(ours).toEqual(monolith())
  expect(ours.data).not.toEqual((await reference()).data)
})
