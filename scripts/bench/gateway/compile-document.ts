import {
  type ArgumentNode,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { BenchGraph, Computed, Row } from './rows.ts'

type Variables = Readonly<Record<string, unknown>>
type Answer = Record<string, unknown>
type Fragments = ReadonlyMap<string, FragmentDefinitionNode>
type Add = (row: Row, answer: Answer, variables: Variables) => void

/** Compiles a document to a function of its variables, so that a repeated document is parsed once. */
export function compileDocument(text: string, graph: BenchGraph): (variables: Variables) => Answer {
  const { definitions } = parse(text, { noLocation: true })
  const operation = definitions.find((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)
  if (operation === undefined) throw new Error('The document has no operation.')
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
  const add = compileSelections(operation.selectionSet, new Map(fragments.map((one) => [one.name.value, one])))
  const root: Row = {
    __typename: 'Query',
    ...graph.fields,
    _entities: ({ representations }: Variables) => (representations as { id: string }[]).map(graph.entityOf),
  }
  return (variables) => {
    const answer: Answer = {}
    add(root, answer, variables)
    return answer
  }
}

function compileSelections({ selections }: SelectionSetNode, fragments: Fragments): Add {
  const all = selections.map((selection): Add => {
    if (selection.kind === Kind.FIELD) return compileField(selection, fragments)
    const target = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
    if (target === undefined) throw new Error('The document has no such fragment.')
    return onlyIf(
      selection.directives,
      compileFragment(target.typeCondition?.name.value, target.selectionSet, fragments),
    )
  })
  return (row, answer, variables) => {
    for (const add of all) add(row, answer, variables)
  }
}

function compileFragment(typeName: string | undefined, selections: SelectionSetNode, fragments: Fragments): Add {
  const add = compileSelections(selections, fragments)
  return (row, answer, variables) => {
    if (typeName === undefined || typeName === row.__typename) add(row, answer, variables)
  }
}

function compileField(node: FieldNode, fragments: Fragments): Add {
  const name = node.name.value
  const key = node.alias?.value ?? name
  const readArguments = compileArguments(node.arguments ?? [])
  const add = node.selectionSet ? compileSelections(node.selectionSet, fragments) : null

  const complete = (value: unknown, variables: Variables): unknown => {
    if (add === null || value === null) return value
    if (Array.isArray(value)) return value.map((item) => complete(item, variables))
    const answer: Answer = {}
    add(value as Row, answer, variables)
    return answer
  }
  return onlyIf(node.directives, (row, answer, variables) => {
    const given = row[name]
    if (given === undefined) throw new Error(`${row.__typename} has no ${name} here.`)
    const value = typeof given === 'function' ? (given as Computed)(readArguments(variables)) : given
    answer[key] = complete(value, variables)
  })
}

function compileArguments(nodes: readonly ArgumentNode[]): (variables: Variables) => Variables {
  const readers = nodes.map(({ name, value }) => [name.value, compileValue(value)] as const)
  return (variables) => Object.fromEntries(readers.map(([name, read]) => [name, read(variables)]))
}

function compileValue(node: ValueNode): (variables: Variables) => unknown {
  if (node.kind === Kind.VARIABLE) return (variables) => variables[node.name.value]
  if (node.kind === Kind.INT) return () => Number(node.value)
  if (node.kind === Kind.STRING || node.kind === Kind.BOOLEAN) return () => node.value
  if (node.kind === Kind.NULL) return () => null
  throw new Error(`The benchmark has no arguments of the kind ${node.kind}.`)
}

function onlyIf(directives: readonly DirectiveNode[] | undefined, add: Add): Add {
  const conditions = (directives ?? []).map(({ name, arguments: args }) => {
    const read = compileArguments(args ?? [])
    return (variables: Variables) => read(variables).if === (name.value === 'include')
  })
  if (conditions.length === 0) return add
  return (row, answer, variables) => {
    if (conditions.every((holds) => holds(variables))) add(row, answer, variables)
  }
}
