import { AppError } from '@redress/shared/errors.ts'
import { GraphQLError, getOperationAST, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { checkShape } from '../src/operations/limits/check-shape.ts'
import { checkText } from '../src/operations/limits/check-text.ts'
import { checkVariables } from '../src/operations/limits/check-variables.ts'
import { compileCost } from '../src/operations/limits/compile-cost.ts'
import { createCostModel } from '../src/operations/limits/cost-model.ts'
import { QueryTooCostlyError } from '../src/operations/limits/errors.ts'
import { explainCost } from '../src/operations/limits/explain-cost.ts'
import { LIMITS } from '../src/operations/limits/limits.ts'
import { measureShape } from '../src/operations/limits/measure-shape.ts'
import { PRESETS } from '../src/operations/limits/presets.ts'
import { validateDocument } from '../src/operations/validate-document.ts'
import { readClientSchema } from './client-schema.ts'
import { HARMLESS_DOCUMENTS, HOSTILE_DOCUMENTS, type HostileDocument } from './hostile-documents.ts'

const { schema, supergraph } = readClientSchema()
const model = createCostModel(schema, supergraph)
const { costMax, depthMax } = PRESETS.standard
const RUNS = 5
const REFUSAL_MS_MAX = 50
const TYPICAL_MS_MAX = 1

type Sent = Pick<HostileDocument, 'text' | 'variables'>

/** All checks of a request, from the cheapest to the dearest. */
function check({ text, variables = {} }: Sent): void {
  checkText(text)
  checkVariables(variables)
  const document = parse(text, { maxTokens: LIMITS.tokens, noLocation: true })
  const operation = getOperationAST(document, null) ?? document.definitions[0]!
  if (operation.kind !== Kind.OPERATION_DEFINITION) throw new Error('The document has no operation.')

  checkShape(measureShape(document, operation), { depthMax })
  const [error] = validateDocument(schema, document)
  if (error) throw new AggregateError([error])
  const cost = compileCost(model, document, operation)(variables)
  if (cost > costMax) {
    throw new QueryTooCostlyError({ limit: costMax, ...explainCost(model, document, operation, variables) })
  }
}

function refusalOf(sent: Sent): { code: string; what?: unknown } | null {
  try {
    check(sent)
    return null
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, what: error.facts.what }
    if (error instanceof GraphQLError) return { code: 'GRAPHQL_PARSE_FAILED' }
    if (error instanceof AggregateError) return { code: 'GRAPHQL_VALIDATION_FAILED' }
    throw error
  }
}

/** Processor time, so that what else runs on the machine does not count; the middle of some runs. */
function medianMs(act: () => unknown): number {
  const runs = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage()
    act()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  })
  return runs.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!
}

const milliseconds: number[] = []

describe('a hostile document', () => {
  it.for(HOSTILE_DOCUMENTS)('is refused before it does harm: $name ($code)', ({ code, what, ...sent }) => {
    expect(refusalOf(sent)).toEqual({ code, ...(what !== undefined && { what }) })

    const median = medianMs(() => refusalOf(sent))
    milliseconds.push(median)
    expect(median).toBeLessThan(REFUSAL_MS_MAX)
  })

  it('is refused within a millisecond more often than not', () => {
    const sorted = [...milliseconds].sort((a, b) => a - b)

    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(TYPICAL_MS_MAX)
  })
})

describe('a harmless document', () => {
  it.for(HARMLESS_DOCUMENTS)('passes: $name', (sent) => {
    expect(refusalOf(sent)).toBeNull()
    expect(medianMs(() => refusalOf(sent))).toBeLessThan(REFUSAL_MS_MAX)
  })
})
