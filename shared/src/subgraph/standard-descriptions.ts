import {
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type StringValueNode,
  visit,
} from 'graphql'

type Table = Readonly<Record<string, string>>

/** Arguments of every connection. */
const PAGE_ARGUMENTS: Table = {
  first:
    'Number of elements from the start, 0 to 100; 20 without `first` and `last`. With 0, only `totalCount` is read.',
  after: 'Only elements behind this cursor of the same list.',
  last: 'Number of elements from the end, 0 to 100; not together with `first`.',
  before: 'Only elements before this cursor of the same list.',
  filter: 'Only elements for which all of it holds; all elements if not given.',
}

/** Fields of types whose name ends like this. */
const PAGE_FIELDS: Readonly<Record<'Connection' | 'Edge' | 'PageInfo', Table>> = {
  Connection: {
    nodes: 'The elements of the page, in the order of the list.',
    edges: 'The elements of the page with their cursors.',
    pageInfo: 'Where the page stands in the list.',
    totalCount: 'Number of elements on all pages. Computed only when selected.',
  },
  Edge: { cursor: 'Pass it as `after` or `before`.', node: 'The element.' },
  PageInfo: {
    hasNextPage: 'Whether there are elements behind the page.',
    hasPreviousPage: 'Whether there are elements before the page.',
    startCursor: 'The cursor of the first element; null if the page is empty.',
    endCursor: 'The cursor of the last element; null if the page is empty.',
  },
}
const OF_TYPE: Table = {
  Connection: 'One page of a list.',
  Edge: 'One element of a page.',
  PageInfo: 'Where a page stands in its list.',
}

/** Describes the parts that every connection has, which no schema file repeats. */
export function withStandardDescriptions(document: DocumentNode): DocumentNode {
  return visit(document, { ObjectTypeDefinition: describeType })
}

function describeType(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const kind = (['Connection', 'Edge', 'PageInfo'] as const).find((end) => type.name.value.endsWith(end))
  const fields = type.fields?.map((field) => describeField(field, kind ? PAGE_FIELDS[kind] : {}))
  return { ...described(type, kind && OF_TYPE[kind]), ...(fields && { fields }) }
}

function describeField(field: FieldDefinitionNode, table: Table): FieldDefinitionNode {
  const isPaged = field.arguments?.some(({ name }) => name.value === 'first')
  const args = isPaged ? field.arguments?.map(describeArgument) : field.arguments
  return { ...described(field, table[field.name.value]), ...(args && { arguments: args }) }
}

const describeArgument = (argument: InputValueDefinitionNode) =>
  described(argument, PAGE_ARGUMENTS[argument.name.value])

function described<Node extends { readonly description?: StringValueNode | undefined }>(
  node: Node,
  text?: string,
): Node {
  if (node.description || text === undefined) return node
  return { ...node, description: { kind: Kind.STRING, value: text } }
}
