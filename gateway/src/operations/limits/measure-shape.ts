import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
} from 'graphql'
import { measureDefinitions } from './measure-definitions.ts'

/** The size of a document, and of its operation that is to be run. */
export type Shape = Readonly<{
  operations: number
  fragments: number
  directives: number
  aliases: number
  rootFields: number
  fields: number
  /** In all operations of the document, as is the nesting. */
  selections: number
  /** Nested selections. */
  nesting: number
  /** Nested fields: `{ issue { id } }` is 2 deep. Fields below `__schema` and `__type` are counted separately. */
  depth: number
  introspectionDepth: number
}>

type Measures = {
  rootFields: number
  fields: number
  selections: number
  nesting: number
  depth: number
  introspectionDepth: number
}
type Selector = SelectionNode | OperationDefinitionNode | FragmentDefinitionNode
type Frame = { readonly of: Selector; readonly selections: readonly SelectionNode[]; next: number; sum: Measures }

/**
 * Measures a document iteratively, so that its depth cannot overflow the stack. Each fragment is visited once and counted
 * at each spread; one that contains itself is not followed again, and unknown ones are left to validation.
 */
export function measureShape(document: DocumentNode, operation: OperationDefinitionNode): Shape {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const facts = { fragments: selectionsByName(fragments), measured: new Map<string, Measures>() }

  const own = measure(operation, facts)
  const all = operations.map((one) => (one === operation ? own : measure(one, facts)))
  // Validation walks unused fragments, too.
  for (const fragment of fragments) if (!facts.measured.has(fragment.name.value)) all.push(measure(fragment, facts))
  return {
    ...measureDefinitions(document),
    ...own,
    selections: all.reduce((sum, { selections }) => plus(sum, selections), 0),
    nesting: Math.max(...all.map(({ nesting }) => nesting)),
  }
}

type Facts = Readonly<{
  fragments: ReadonlyMap<string, readonly SelectionNode[]>
  /** Fragments that were visited, and those being visited, as far as they are measured. */
  measured: Map<string, Measures>
}>

function selectionsByName(fragments: readonly FragmentDefinitionNode[]): Facts['fragments'] {
  return new Map(fragments.map(({ name, selectionSet }) => [name.value, selectionSet.selections]))
}

function measure(root: OperationDefinitionNode | FragmentDefinitionNode, { fragments, measured }: Facts): Measures {
  const whole = frameOf(root, root.selectionSet.selections)
  if (root.kind === Kind.FRAGMENT_DEFINITION) measured.set(root.name.value, whole.sum)
  const open = [whole]
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const selection = frame.selections[frame.next]
    if (selection === undefined) {
      open.pop()
      const outer = open.at(-1)
      if (outer) add(outer.sum, frame.of, frame.sum)
      continue
    }
    frame.next += 1
    const known = selection.kind === Kind.FRAGMENT_SPREAD ? measured.get(selection.name.value) : undefined
    if (known) add(frame.sum, selection, known)
    else {
      const inner = frameOf(selection, selectionsOf(selection, fragments))
      // Registered before it is measured: inside itself, the fragment adds its measures so far.
      if (selection.kind === Kind.FRAGMENT_SPREAD) measured.set(selection.name.value, inner.sum)
      open.push(inner)
    }
  }
  return whole.sum
}

function frameOf(of: Selector, selections: readonly SelectionNode[]): Frame {
  const sum = { rootFields: 0, fields: 0, selections: 0, nesting: 0, depth: 0, introspectionDepth: 0 }
  return { of, selections, next: 0, sum }
}

function selectionsOf(selection: SelectionNode, fragments: ReadonlyMap<string, readonly SelectionNode[]>) {
  if (selection.kind === Kind.FRAGMENT_SPREAD) return fragments.get(selection.name.value) ?? []
  return selection.selectionSet?.selections ?? []
}

function add(sum: Measures, selector: Selector, inner: Measures): void {
  const isField = selector.kind === Kind.FIELD
  const isAboutSchema = isField && (selector.name.value === '__schema' || selector.name.value === '__type')
  const depth = isAboutSchema ? 1 : inner.depth + Number(isField)
  const belowSchema = isAboutSchema ? inner.depth + 1 : 0
  const deeper = inner.introspectionDepth === 0 ? 0 : inner.introspectionDepth + Number(isField)

  sum.rootFields = plus(sum.rootFields, isField ? 1 : inner.rootFields)
  sum.fields = plus(sum.fields, inner.fields + Number(isField))
  sum.selections = plus(sum.selections, inner.selections + 1)
  sum.nesting = Math.max(sum.nesting, inner.nesting + 1)
  sum.depth = Math.max(sum.depth, depth)
  sum.introspectionDepth = Math.max(sum.introspectionDepth, belowSchema, deeper)
}

/** Saturates: nested fragments can exceed the largest exact number. */
function plus(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}
