import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql'
import { signatureOf } from './field-signature.ts'

type Field = Readonly<{ node: FieldNode; key: string; parent: GraphQLNamedType; type: GraphQLOutputType | null }>
type Fields = readonly Field[]

/** Far beyond what the limits allow; bounds the work for types that share fields in many ways. */
const FIELDS_VISITED_MAX = 20_000

/**
 * The rule "fields can be merged", for a document that violates no other: fields with the same key in the same place must
 * have the same shape, and if one object can have both, be the same field with the same arguments.
 *
 * The specification compares every pair. Here fields are grouped level by level and each is compared with the first of its
 * group, so that the time grows linearly with the number of fields.
 */
export function findFieldConflicts(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const collect = createCollector(schema, document)
  const budget = { fields: FIELDS_VISITED_MAX }
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  return operations.flatMap((operation) => {
    if (operation.kind !== Kind.OPERATION_DEFINITION) return []
    const root = schema.getRootType(operation.operation)
    if (!root) return []
    const fields = collect([{ parent: root, selections: operation.selectionSet.selections }])
    const conflicts = conflictsIn(fields, { collect, budget, ...SAMENESS })
    return conflicts.length > 0 ? conflicts : conflictsIn(fields, { collect, budget, ...SHAPES })
  })
}

/** One comparison of fields with the same key. */
type Question = Readonly<{
  /** The groups of fields that must be alike; the fields below a group are compared together too. */
  together: (fields: Fields) => readonly Fields[]
  differs: (a: Field, b: Field) => string | null
}>

const SHAPES: Question = { together: (fields) => [fields], differs: differsInShape }
const SAMENESS: Question = { together: answeredTogether, differs: differsInMeaning }

function conflictsIn(
  fields: Fields,
  { collect, budget, together, differs }: Question & { collect: Collect; budget: { fields: number } },
): readonly GraphQLError[] {
  const conflicts: GraphQLError[] = []
  const open = [fields]
  for (let level = open.pop(); level !== undefined; level = open.pop()) {
    budget.fields -= level.length
    if (budget.fields < 0) return [new GraphQLError('The document has too many fields to be compared.')]
    for (const sameKey of groupBy(level, ({ key }) => key)) {
      for (const alike of together(sameKey)) {
        const conflict = firstConflict(alike, differs)
        if (conflict) conflicts.push(conflict)
        else open.push(collect(placesBelow(alike)))
      }
    }
  }
  return conflicts
}

function firstConflict(fields: Fields, differs: Question['differs']): GraphQLError | null {
  const [first, ...others] = fields
  for (const other of others) {
    const reason = differs(first!, other)
    if (reason === null) continue
    const message = `Fields "${first!.key}" conflict because ${reason}. Use different aliases on the fields to fetch both if this was intentional.`
    return new GraphQLError(message, { nodes: [first!.node, other.node] })
  }
  return null
}

/** An object has fields of only one object type, and may have those of any interface with it. */
function answeredTogether(fields: Fields): readonly Fields[] {
  const ofObjects = groupBy(
    fields.filter(({ parent }) => isObjectType(parent)),
    ({ parent }) => parent,
  )
  const ofOthers = fields.filter(({ parent }) => !isObjectType(parent))
  if (ofOthers.length === 0) return ofObjects
  return ofObjects.length === 0 ? [ofOthers] : ofObjects.map((ofObject) => [...ofOthers, ...ofObject])
}

function differsInMeaning({ node: a }: Field, { node: b }: Field): string | null {
  if (a.name.value !== b.name.value) return `"${a.name.value}" and "${b.name.value}" are different fields`
  return signatureOf(a) === signatureOf(b) ? null : 'they have differing arguments'
}

function differsInShape({ type: a }: Field, { type: b }: Field): string | null {
  if (a === null || b === null || hasSameShape(a, b)) return null
  return `they return conflicting types "${a}" and "${b}"`
}

function hasSameShape(a: GraphQLOutputType, b: GraphQLOutputType): boolean {
  if (isNonNullType(a) || isNonNullType(b))
    return isNonNullType(a) && isNonNullType(b) && hasSameShape(a.ofType, b.ofType)
  if (isListType(a) || isListType(b)) return isListType(a) && isListType(b) && hasSameShape(a.ofType, b.ofType)
  return isLeafType(a) || isLeafType(b) ? a === b : true
}

type Place = Readonly<{ parent: GraphQLNamedType; selections: readonly SelectionNode[] }>
type Collect = (places: readonly Place[]) => Fields

function placesBelow(fields: Fields): readonly Place[] {
  return fields.flatMap(({ node, type }) =>
    node.selectionSet && type ? [{ parent: getNamedType(type), selections: node.selectionSet.selections }] : [],
  )
}

/** Collects the fields of some places, including those of fragments, each fragment once. */
function createCollector(schema: GraphQLSchema, { definitions }: DocumentNode): Collect {
  const found = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
  const fragments = new Map(found.map((fragment) => [fragment.name.value, fragment]))

  return (places) => {
    const fields: Field[] = []
    const spread = new Set<FragmentDefinitionNode>()
    const open = [...places]
    for (const { parent, selections } of open) {
      for (const selection of selections) {
        if (selection.kind === Kind.FIELD) fields.push(toField(parent, selection))
        else if (selection.kind === Kind.INLINE_FRAGMENT) {
          const condition = selection.typeCondition?.name.value
          const type = condition === undefined ? parent : schema.getType(condition)
          if (type) open.push({ parent: type, selections: selection.selectionSet.selections })
        } else {
          const fragment = fragments.get(selection.name.value)
          const type = fragment && schema.getType(fragment.typeCondition.name.value)
          if (!fragment || !type || spread.has(fragment)) continue
          spread.add(fragment)
          open.push({ parent: type, selections: fragment.selectionSet.selections })
        }
      }
    }
    return fields
  }
}

const META_FIELDS = [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef]

function toField(parent: GraphQLNamedType, node: FieldNode): Field {
  const name = node.name.value
  const fields = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields() : {}
  const type = fields[name]?.type ?? META_FIELDS.find((field) => field.name === name)?.type ?? null
  return { node, key: (node.alias ?? node.name).value, parent, type }
}

function groupBy<K>(fields: Fields, keyOf: (field: Field) => K): readonly Fields[] {
  return [...Map.groupBy(fields, keyOf).values()]
}
