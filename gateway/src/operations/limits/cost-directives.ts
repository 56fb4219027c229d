import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql'

/** The arguments of `@listSize` on a field. */
export type ListSize = Readonly<{
  assumedSize: number | null
  /** Arguments that give the length of the list. */
  slicingArguments: readonly string[]
  /** Lists of that length in the object that the field returns; none if the field itself is the list. */
  sizedFields: readonly string[]
}>

/** `@cost` and `@listSize` of a schema, by `Type` and by `Type.field`. */
export type CostDirectives = Readonly<{
  weights: ReadonlyMap<string, number>
  listSizes: ReadonlyMap<string, ListSize>
  /** `Type.field` of lists whose length every field that leads to them has counted already. */
  sizedAbove: ReadonlySet<string>
}>

const COST_SPEC = /^https:\/\/specs\.apollo\.dev\/(?:cost|federation)\/v/
const DIRECTIVES = ['cost', 'listSize'] as const
type Names = Readonly<Record<(typeof DIRECTIVES)[number], string>>
type Coordinate = Readonly<{ coordinate: string; field: FieldDefinitionNode }>

/** Reads the directives of a supergraph or a subgraph, under the names that its `@link` imports them by. */
export function readCostDirectives({ definitions }: DocumentNode): CostDirectives {
  const names = namesIn(definitions)
  const fields = definitions.flatMap(fieldsOf)
  const weights = new Map<string, number>()
  const listSizes = new Map<string, ListSize>()

  for (const definition of definitions) {
    const weight = weightOf(definition, names.cost)
    if (weight !== null && 'name' in definition && definition.name) weights.set(definition.name.value, weight)
  }
  for (const { coordinate, field } of fields) {
    const weight = weightOf(field, names.cost)
    if (weight !== null) weights.set(coordinate, weight)
    const size = argumentsOf(field, names.listSize)
    if (size) listSizes.set(coordinate, toListSize(size))
  }
  return { weights, listSizes, sizedAbove: sizedAbove(fields, listSizes) }
}

function namesIn(definitions: readonly DefinitionNode[]): Names {
  const links = definitions
    .filter((node) => node.kind === Kind.SCHEMA_DEFINITION || node.kind === Kind.SCHEMA_EXTENSION)
    .flatMap(({ directives = [] }) => directives.filter(({ name }) => name.value === 'link'))
    .map(toArguments)
    .filter(({ url }) => COST_SPEC.test(String(url)))
  const imports = links.flatMap((link) => (Array.isArray(link.import) ? link.import : []))
  const nameOf = (directive: string) => {
    const renamed = imports.find((one) => one?.name === `@${directive}` && typeof one.as === 'string')
    return renamed ? String(renamed.as).slice(1) : directive
  }
  return { cost: nameOf('cost'), listSize: nameOf('listSize') }
}

function fieldsOf(definition: DefinitionNode): readonly Coordinate[] {
  const hasFields = 'fields' in definition && definition.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION
  if (!hasFields || definition.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION) return []
  const fields = definition.fields as readonly FieldDefinitionNode[]
  return fields.map((field) => ({ coordinate: `${definition.name.value}.${field.name.value}`, field }))
}

type WithDirectives = { readonly directives?: readonly ConstDirectiveNode[] | undefined }

function weightOf(node: object, name: string): number | null {
  const weight = argumentsOf(node as WithDirectives, name)?.weight
  return typeof weight === 'number' ? Math.max(0, weight) : null
}

function argumentsOf({ directives = [] }: WithDirectives, name: string): Record<string, unknown> | null {
  const directive = directives.find((one) => one.name.value === name)
  return directive ? toArguments(directive) : null
}

function toArguments(directive: ConstDirectiveNode): Record<string, unknown> {
  const values = directive.arguments?.map(({ name, value }) => [name.value, toValue(value)]) ?? []
  return Object.fromEntries(values)
}

function toValue(value: ConstValueNode): unknown {
  return valueFromASTUntyped(value)
}

function toListSize({ assumedSize, slicingArguments, sizedFields }: Record<string, unknown>): ListSize {
  const strings = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])
  return {
    assumedSize: typeof assumedSize === 'number' ? assumedSize : null,
    slicingArguments: strings(slicingArguments),
    sizedFields: strings(sizedFields),
  }
}

/** A type that another field returns without sizing it keeps the sizes of its lists: the cost may be too high, never too low. */
function sizedAbove(fields: readonly Coordinate[], listSizes: ReadonlyMap<string, ListSize>): ReadonlySet<string> {
  const sized = new Set<string>()
  const unsized = new Set<string>()
  for (const { coordinate, field } of fields) {
    const size = listSizes.get(coordinate)
    const target = nameOf(field.type)
    for (const name of size?.sizedFields ?? []) sized.add(`${target}.${name}`)
    if (!size?.sizedFields.length) unsized.add(target)
  }
  return new Set([...sized].filter((coordinate) => !unsized.has(coordinate.split('.')[0]!)))
}

function nameOf(node: TypeNode): string {
  return node.kind === Kind.NAMED_TYPE ? node.name.value : nameOf(node.type)
}
