import {
  BREAK,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isScalarType,
  isSpecifiedScalarType,
  Kind,
  parseType,
  TypeInfo,
  typeFromAST,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql'
import { toExact } from '../../execution/exact-json.ts'
import { type Row, setOwn } from '../../execution/json.ts'

export type ExactLiterals = Readonly<{
  document: DocumentNode
  /** The values of variables, unless the client gives its own. */
  values: Row
}>

/**
 * Turns the numbers of custom scalars that JavaScript would round into variables, as literals and as defaults: the planner
 * prints operations with the numbers of JavaScript.
 */
export function extractExactLiterals(schema: GraphQLSchema, document: DocumentNode): ExactLiterals {
  const extraction = new Extraction(schema, document)
  const types = new TypeInfo(schema)
  const rewritten = visit(
    document,
    visitWithTypeInfo(types, {
      VariableDefinition: (definition) => extraction.withoutDefault(definition),
      Argument(argument) {
        const type = types.getArgument()?.type
        const value = type ? extraction.extract(argument.value, type) : argument.value
        return value === argument.value ? false : { ...argument, value }
      },
      OperationDefinition: {
        leave: (operation) =>
          extraction.added.length === 0
            ? undefined
            : { ...operation, variableDefinitions: [...(operation.variableDefinitions ?? []), ...extraction.added] },
      },
    }),
  )
  return { document: rewritten, values: extraction.values }
}

class Extraction {
  readonly values: Row = {}
  readonly added: VariableDefinitionNode[] = []
  readonly #schema: GraphQLSchema
  readonly #prefix: string

  constructor(schema: GraphQLSchema, document: DocumentNode) {
    this.#schema = schema
    const names = new Set<string>()
    visit(document, { Variable: ({ name }) => void names.add(name.value) })
    let prefix = 'exact'
    while ([...names].some((name) => name.startsWith(prefix))) prefix += '_'
    this.#prefix = prefix
  }

  withoutDefault(definition: VariableDefinitionNode): VariableDefinitionNode | undefined {
    const { variable, type, defaultValue, ...rest } = definition
    const inputType = typeFromAST(this.#schema, type as never) as GraphQLInputType | undefined
    if (defaultValue === undefined || inputType === undefined || !hasRounded(defaultValue, inputType)) return undefined
    setOwn(this.values, variable.name.value, toValue(defaultValue))
    return { variable, type, ...rest }
  }

  extract(node: ValueNode, given: GraphQLInputType): ValueNode {
    const type = getNullableType(given)
    if (isRounded(node) && isCustom(namedOf(type))) return this.#variable(node, given)
    // The parts of a custom scalar have no types of their own, so the whole value becomes the variable.
    if (isCustom(type)) return hasRounded(node, type) && !hasVariable(node) ? this.#variable(node, given) : node
    if (node.kind === Kind.LIST) {
      const itemType = isListType(type) ? type.ofType : type
      const values = node.values.map((one) => this.extract(one, itemType))
      return values.every((one, at) => one === node.values[at]) ? node : { ...node, values }
    }
    if (node.kind !== Kind.OBJECT) return node
    const inner = namedOf(type)
    const fields = node.fields.map((field) => {
      const fieldType = isInputObjectType(inner) ? inner.getFields()[field.name.value]?.type : undefined
      const value = fieldType ? this.extract(field.value, fieldType) : field.value
      return value === field.value ? field : { ...field, value }
    })
    return fields.every((one, at) => one === node.fields[at]) ? node : { ...node, fields }
  }

  #variable(node: ValueNode, type: GraphQLInputType): ValueNode {
    const name = { kind: Kind.NAME, value: `${this.#prefix}${this.added.length}` } as const
    const variable = { kind: Kind.VARIABLE, name } as const
    this.added.push({ kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(String(type)) })
    setOwn(this.values, name.value, toValue(node))
    return variable
  }
}

function hasRounded(node: ValueNode, given: GraphQLInputType): boolean {
  const type = namedOf(given)
  if (node.kind === Kind.LIST) return node.values.some((one) => hasRounded(one, given))
  if (node.kind !== Kind.OBJECT) return isRounded(node) && isCustom(type)
  return node.fields.some(({ name, value }) => {
    const fieldType = isInputObjectType(type) ? type.getFields()[name.value]?.type : type
    return fieldType !== undefined && hasRounded(value, fieldType)
  })
}

/** Whether a number changes when JavaScript reads and prints it. */
function isRounded(node: ValueNode): boolean {
  return (node.kind === Kind.INT || node.kind === Kind.FLOAT) && String(Number(node.value)) !== node.value
}

function hasVariable(node: ValueNode): boolean {
  let isFound = false
  visit(node, {
    Variable() {
      isFound = true
      return BREAK
    },
  })
  return isFound
}

function namedOf(type: GraphQLInputType): GraphQLInputType {
  const nullable = getNullableType(type)
  return isListType(nullable) ? namedOf(nullable.ofType) : nullable
}

const isCustom = (type: GraphQLInputType) => isScalarType(type) && !isSpecifiedScalarType(type)

/** The JSON of a constant. */
function toValue(node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.INT:
    case Kind.FLOAT:
      return toExact(node.value)
    case Kind.LIST:
      return node.values.map(toValue)
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, toValue(value)]))
    case Kind.NULL:
      return null
    case Kind.VARIABLE:
      throw new Error('A constant has no variables.')
    default:
      return node.value
  }
}
