import {
  type ASTNode,
  BREAK,
  coerceInputValue,
  type DocumentNode,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
} from 'graphql'
import type { Row } from '../../execution/json.ts'

/** The place of a value in the arguments of a field, from the name of the argument. */
export type ArgumentPath = readonly string[]

/** The path of the first node of a document that `isWanted`; null if it stands in no argument of a field. */
function findPath(document: DocumentNode, isWanted: (node: ASTNode) => boolean): ArgumentPath | null {
  let found: ArgumentPath | null = null
  visit(document, {
    enter(node, key, parent, _path, ancestors) {
      if (!isWanted(node)) return undefined
      const around = [...ancestors, ...(parent === undefined ? [] : [parent]), node]
      found = toPath(around, key)
      return found === null ? undefined : BREAK
    },
  })
  return found
}

/** The names from an argument down; null outside of one. Elements of lists are named by their index. */
function toPath(around: readonly (ASTNode | readonly ASTNode[])[], lastKey: string | number | undefined) {
  const start = around.findLastIndex((one) => 'kind' in one && one.kind === Kind.ARGUMENT)
  const isOfField = around.slice(0, start).findLast((one) => 'kind' in one)
  if (start === -1 || (isOfField as ASTNode).kind !== Kind.FIELD) return null
  const inside = around.slice(start)
  return inside.flatMap((one, index) => {
    if (!('kind' in one)) {
      // A list of nodes: its element is what follows, and only those of a list value are elements.
      const owner = inside[index - 1]
      if (owner === undefined || !('kind' in owner) || owner.kind !== Kind.LIST) return []
      const element = inside[index + 1]
      const place = element === undefined ? Number(lastKey) : one.indexOf(element as ASTNode)
      return [String(place)]
    }
    return one.kind === Kind.ARGUMENT || one.kind === Kind.OBJECT_FIELD ? [one.name.value] : []
  })
}

/** The path of a value that is written in the document. */
export function pathOfNode(document: DocumentNode, wanted: ASTNode): ArgumentPath | null {
  return findPath(document, (node) => node === wanted)
}

/** The place where a variable is first used in the arguments of a field. */
function pathOfVariable(document: DocumentNode, name: string): ArgumentPath | null {
  return findPath(document, (node) => node.kind === Kind.VARIABLE && node.name.value === name)
}

type Variables = Readonly<{ document: DocumentNode; definitions: readonly VariableDefinitionNode[]; values: Row }>

/**
 * The paths of all values of variables that do not fit their types, in the order in which graphql-js reports them; null
 * for a variable that no argument of a field uses, as the condition of a directive.
 */
export function pathsOfVariables(
  schema: GraphQLSchema,
  { document, definitions, values }: Variables,
): readonly (ArgumentPath | null)[] {
  return definitions.flatMap((definition): (ArgumentPath | null)[] => {
    const { name } = definition.variable
    const type = typeFromAST(schema, definition.type as never)
    if (!isInputType(type)) return [null]
    const place = pathOfVariable(document, name.value)
    const value = Object.hasOwn(values, name.value) ? values[name.value] : undefined
    if (value === undefined || (value === null && isNonNullType(type))) {
      const isMissing = isNonNullType(type) && (value === null || definition.defaultValue === undefined)
      return isMissing ? [place] : []
    }
    const paths: (ArgumentPath | null)[] = []
    coerceInputValue(value, type, (path) => paths.push(place && [...place, ...path.map(String)]))
    return paths
  })
}
