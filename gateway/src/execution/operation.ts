import type { PlanNode, QueryPlan } from '@apollo/query-planner'
import {
  type DocumentNode,
  execute,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  print,
  visit,
} from 'graphql'
import { compileWriters, IRREGULAR } from './answers/answer-writer.ts'
import { completeAnswer } from './answers/complete-answer.ts'
import { createSelection, type SelectedField, type Selection, type SelectionRules } from './answers/selection.ts'
import { toShownErrors } from './answers/shown-errors.ts'
import type { Row } from './json.ts'
import type { OperationContext } from './operation-context.ts'
import { type PlannedKey, toClientPath } from './planning/planned-keys.ts'
import { compilePlan, type PlanEnvironment } from './steps/compile-plan.ts'
import type { Path } from './steps/places.ts'
import { PlanRun, type Step } from './steps/plan-run.ts'

/** `data` as JSON text. */
export type OperationResult = Readonly<{ data: string; errors: readonly GraphQLFormattedError[] }>

export type OperationInput = Readonly<{
  /** As the client sent them; checked. */
  variables: Row
  /** With defaults. */
  coerced: Readonly<Record<string, unknown>>
  context: OperationContext
}>

export type RunOperation = (input: OperationInput) => Promise<OperationResult>

export type OperationParts = Readonly<{
  schema: GraphQLSchema
  document: DocumentNode
  operation: OperationDefinitionNode
  /** For the operation without refused fields; null if nothing is left to fetch. */
  plan: QueryPlan | null
  environment: PlanEnvironment
  refusalAt: SelectionRules['refusalAt']
  plannedKey: PlannedKey
  /** Values of variables that the client does not give. */
  values: Row
}>

/** The planner returned no plan for an operation that selects fields. */
export class EmptyPlanError extends Error {
  override readonly name = 'EmptyPlanError'
}

/** Combinations of `@skip` and `@include` that are cached. */
const VARIANTS_MAX = 64

type Variant = Readonly<{
  selection: Selection
  /** `plain` is for answers whose strings need no escapes. */
  write: Readonly<Record<'plain' | 'any', (root: Row) => string>>
  introspected: readonly SelectedField[]
}>

/** Compiles an operation, so that a run only fetches, merges and writes. @throws UnsupportedPlanError */
export function compileOperation(parts: OperationParts): RunOperation {
  const { plan } = parts
  const step = plan === null ? null : stepOf(plan, parts.environment)
  const conditionNames = conditionsOf(parts.document)
  const variants = new Map<string, Variant>()
  const introspect = createIntrospection(parts)

  const variantFor = (coerced: Readonly<Record<string, unknown>>): Variant => {
    let key = ''
    for (const name of conditionNames) key += coerced[name] === true ? '1' : '0'
    const known = variants.get(key)
    if (known) return known
    const variant = createVariant(parts, coerced, step === null)
    if (variants.size >= VARIANTS_MAX) variants.clear()
    variants.set(key, variant)
    return variant
  }

  const hasValues = Object.keys(parts.values).length > 0

  return async ({ variables: given, coerced, context }) => {
    const variables = hasValues ? { ...parts.values, ...given } : given
    const variant = variantFor(coerced)
    const run = new PlanRun({ variables, conditions: coerced, context })
    if (step) await step(run, { rows: [run.root], path: [] })
    if (variant.introspected.length > 0) Object.assign(run.root, introspect(variant.introspected, variables))
    return answerOf(variant, run, parts)
  }
}

function stepOf({ node }: QueryPlan, environment: PlanEnvironment): Step | null {
  if (node === undefined) return null
  if (node.kind !== 'Subscription') return compilePlan(node, environment)
  // The first fetch returns the event; the rest of the plan is that of a query.
  const nodes: PlanNode[] = node.rest ? [node.primary, node.rest] : [node.primary]
  return compilePlan({ kind: 'Sequence', nodes }, environment)
}

function createVariant(
  parts: OperationParts,
  conditions: Readonly<Record<string, unknown>>,
  isEmpty: boolean,
): Variant {
  const { schema, document, operation, refusalAt, plannedKey } = parts
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const rules: SelectionRules = { schema, fragments, conditions, refusalAt, plannedKey }
  const root = schema.getRootType(operation.operation)!
  const selection = createSelection(root, [operation.selectionSet], rules)
  const fields = selection.fieldsOf(root)
  const introspected = fields.filter(({ name }) => name === '__schema' || name === '__type')
  const isFetched = ({ name, refusal }: SelectedField) => !name.startsWith('__') && refusal === null
  if (isEmpty && fields.some(isFetched)) throw new EmptyPlanError('The planner has no plan for this operation.')
  return { selection, write: compileWriters(selection, schema), introspected }
}

function answerOf(
  { selection, write }: Variant,
  { root, errors, isPlain, absences, isIncomplete }: PlanRun,
  parts: OperationParts,
): OperationResult {
  const { schema } = parts
  const shown = toShownErrors(errors, selection, { root, schema })
  try {
    if (!isIncomplete) return { data: (isPlain ? write.plain : write.any)(root), errors: shown }
  } catch (error) {
    if (error !== IRREGULAR) throw error
  }
  const { data, violations, refusals } = completeAnswer(selection, root, {
    schema,
    types: parts.environment.types,
    absences,
  })
  const unexplained = violations.filter(({ path }) => !errors.some((error) => explains(error, path!)))
  return { data: JSON.stringify(data), errors: [...shown, ...unexplained, ...refusals] }
}

/** Whether an error that a subgraph reported explains an invalid value at `path`. */
function explains({ path: known }: GraphQLFormattedError, path: Path): boolean {
  if (known === undefined) return true
  const common = Math.min(known.length, path.length)
  return toClientPath(known.slice(0, common)).every((key, at) => key === path[at])
}

/** The variables that `@skip` and `@include` depend on. */
function conditionsOf(document: DocumentNode): readonly string[] {
  const names = new Set<string>()
  visit(document, {
    Directive({ name, arguments: given }) {
      const value = given?.[0]?.value
      const isCondition = name.value === 'skip' || name.value === 'include'
      if (isCondition && value?.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}

/** Answers `__schema` and `__type`; once only if no variable is involved. */
function createIntrospection({ schema, document, operation }: OperationParts) {
  const known = new WeakMap<readonly SelectedField[], Row>()
  return (fields: readonly SelectedField[], variables: Row): Row => {
    const found = known.get(fields)
    if (found) return found
    const selections = fields.flatMap(({ nodes }) => nodes)
    const selectionSet = { kind: Kind.SELECTION_SET, selections } as const
    const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION)
    const asked = { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }, ...fragments] } as const
    const { data } = execute({ schema, document: asked, variableValues: variables }) as { data: Row }
    const dependsOnVariables = [selectionSet, ...fragments].some((node) => print(node).includes('$'))
    if (!dependsOnVariables) known.set(fields, data)
    return data
  }
}
