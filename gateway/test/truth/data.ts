import { hash } from 'node:crypto'
import { Kind, parse, type SelectionSetNode, type ValueNode } from 'graphql'
import { Random } from '../../../scripts/random.ts'
import { type FieldModel, type Model, PART_FIELDS } from './model.ts'

/** An object of the graph: an entity by its id, or a part by the way to it. */
export type Thing = Readonly<{ __typename: string; id: string }>

const IDS_MAX = 3

export type Data = ReturnType<typeof createData>

/** The data of a model: the value of each field depends on its object and arguments alone. */
export function createData(model: Model) {
  const entities = new Map(model.entities.map((one) => [one.name, one]))
  const isNull = (random: Random, type: string) => !type.endsWith('!') && random.chance(0.15)

  const fieldOf = (typeName: string, name: string): FieldModel | null => {
    const own =
      typeName === 'Part'
        ? PART_FIELDS
        : typeName === 'Query'
          ? model.queries
          : typeName === 'Mutation'
            ? model.mutations
            : entities.get(typeName)?.fields
    const found = own?.find((field) => field.name === name)
    if (found) return found
    const isMedia = typeName === 'Media' || model.media.members.includes(typeName)
    return isMedia ? (model.media.fields.find((field) => field.name === name) ?? null) : null
  }

  const valueAt = (type: string, key: string): unknown => {
    const random = new Random(`${model.seed} ${key}`)
    if (isNull(random, type)) return null
    const nullable = type.replace(/!$/, '')
    if (nullable.startsWith('[')) {
      const inner = nullable.slice(1, -1)
      return Array.from({ length: random.below(3) }, (_, index) => valueAt(inner, `${key}/${index}`))
    }
    return namedValue(nullable, key, random)
  }

  const namedValue = (type: string, key: string, random: Random): unknown => {
    if (type === 'Part') return { __typename: 'Part', id: digest(key) } satisfies Thing
    if (type === 'Media') return entityOf(random.pick(model.media.members), random)
    if (type === 'Any') return entityOf(random.pick(model.union), random)
    return entities.has(type) ? entityOf(type, random) : scalarOf(type, random)
  }

  const entityOf = (typeName: string, random: Random): Thing => ({
    __typename: typeName,
    id: `${typeName}-${random.below(IDS_MAX)}`,
  })

  const keyField = ({ id }: Thing, name: string): unknown => {
    if (name === 'id') return id
    if (name === 'sku') return `sku ${id}`
    if (name === 'num') return Number.parseInt(digest(id).slice(0, 6), 16)
    return name === 'org' ? { __typename: 'Org', id, oid: `org ${id}` } : undefined
  }

  /** The value that a field has in the graph. `needed` is what it requires, from wherever it is read. */
  const compute = (thing: Thing, field: FieldModel, args: unknown, needed: unknown): unknown =>
    // Fields of the interface have the same value under each of its names.
    valueAt(field.type, `${thing.id} ${field.name} ${canonical(args)} ${field.requires ? canonical(needed) : ''}`)

  /** Whether a field of this object fails; only where null is allowed, so that nothing around it is lost. */
  const fails = (thing: Thing, field: FieldModel, args: unknown): boolean =>
    model.isFaulty &&
    !field.type.endsWith('!') &&
    new Random(`${model.seed} fault ${thing.id} ${field.name} ${canonical(args)}`).chance(0.1)

  const read = (thing: Thing, name: string, args: unknown): unknown => {
    const key = thing.__typename === 'Part' ? undefined : keyField(thing, name)
    if (key !== undefined) return key
    const field = fieldOf(thing.__typename, name)
    if (field === null) throw new Error(`${thing.__typename} has no field ${name}.`)
    if (fails(thing, field, args)) return null
    const needed = field.requires ? select(thing, selectionOf(field.requires)) : null
    return compute(thing, field, args, needed)
  }

  const select = (thing: Thing, { selections }: SelectionSetNode): Record<string, unknown> =>
    Object.fromEntries(
      selections.flatMap((node) => {
        if (node.kind !== Kind.FIELD) return []
        const { name, selectionSet } = node
        const value = read(thing, name.value, argumentsIn(node.arguments ?? [], fieldOf(thing.__typename, name.value)))
        return [[name.value, selectionSet ? mapThings(value, (one) => select(one, selectionSet)) : value]]
      }),
    )

  return { fieldOf, keyField, compute, fails, read, select, entities }
}

export function mapThings(value: unknown, map: (thing: Thing) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => mapThings(one, map))
  return value === null || value === undefined ? value : map(value as Thing)
}

/** The part of a representation that a selection names. */
export function project(value: unknown, { selections }: SelectionSetNode): unknown {
  if (Array.isArray(value)) return value.map((one) => project(one, { kind: Kind.SELECTION_SET, selections }))
  if (value === null || value === undefined) return value
  return Object.fromEntries(
    selections.flatMap((node) => {
      if (node.kind !== Kind.FIELD) return []
      const inner = (value as Record<string, unknown>)[node.name.value]
      if (inner === undefined) throw new Error(`The representation lacks ${node.name.value}.`)
      return [[node.name.value, node.selectionSet ? project(inner, node.selectionSet) : inner]]
    }),
  )
}

const selections = new Map<string, SelectionSetNode>()
export function selectionOf(text: string): SelectionSetNode {
  const known = selections.get(text)
  if (known) return known
  const [definition] = parse(`{${text}}`).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('This is not a selection.')
  selections.set(text, definition.selectionSet)
  return definition.selectionSet
}

/** Arguments as a resolver gets them, with defaults. */
function argumentsIn(
  given: readonly { readonly name: { readonly value: string }; readonly value: ValueNode }[],
  field: FieldModel | null,
): unknown {
  const defaults = field?.args.includes('= NEW') ? { kind: 'NEW', n: 3 } : {}
  return {
    ...defaults,
    ...Object.fromEntries(given.map(({ name, value }) => [name.value, literal(value, name.value)])),
  }
}

function literal(node: ValueNode, name: string): unknown {
  if (node.kind === Kind.INT) return name === 'l' ? node.value : Number(node.value)
  if (node.kind === Kind.LIST) return node.values.map((one) => literal(one, name))
  if (node.kind === Kind.OBJECT) {
    const fields = node.fields.map((field) => [field.name.value, literal(field.value, field.name.value)])
    return { n: 5, ...Object.fromEntries(fields) }
  }
  if (node.kind === Kind.STRING || node.kind === Kind.ENUM || node.kind === Kind.BOOLEAN) return node.value
  throw new Error(`No test has a literal of kind ${node.kind}.`)
}

function scalarOf(type: string, random: Random): unknown {
  if (type === 'Int') return random.below(1000) - 500
  if (type === 'Float') return random.below(4000) / 8
  if (type === 'Boolean') return random.chance(0.5)
  if (type === 'Kind') return random.pick(['NEW', 'OLD', 'ODD'])
  if (type === 'Long') return `91234567890${random.below(9_000_000) + 1_000_000}`
  return random.pick(['one', 'tw"o', 'drei\n', 'vier', '\ud83d\ude00'])
}

const digest = (text: string) => hash('sha256', text).slice(0, 16)

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${entries
    .map(([name, inner]) => `${name}:${canonical(inner)}`)
    .sort()
    .join()}}`
}
