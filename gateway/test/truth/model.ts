/** A field of a random graph, as all its subgraphs and the monolith know it. */
export type FieldModel = Readonly<{
  name: string
  /** As in SDL. */
  type: string
  /** As in SDL, with parentheses; empty without arguments. */
  args: string
  /** The subgraphs that resolve it. */
  owners: readonly string[]
  /** The fields that it is computed from, in the subgraph that owns it; null for most fields. */
  requires: string | null
  /** The subgraph that resolved it before `@override`; null for most fields. */
  overriddenIn: string | null
  /** The fields of its entities that come with it, though another subgraph has them; empty for most fields. */
  provides: readonly string[]
}>

export type KeyName = 'id' | 'sku' | 'num org { oid }'

/** An object type with keys. */
export type EntityModel = Readonly<{
  name: string
  /** By subgraph that has the type. */
  keys: Readonly<Record<string, readonly KeyName[]>>
  fields: readonly FieldModel[]
}>

/** A random graph over several subgraphs. */
export type Model = Readonly<{
  seed: number
  /** Whether some fields of some objects fail. */
  isFaulty: boolean
  subgraphs: readonly string[]
  entities: readonly EntityModel[]
  /** The interface of some entities: its name, members, and the subgraph that knows it as an object only. */
  media: Readonly<{
    members: readonly string[]
    /** The subgraphs that know it as an interface. */
    subgraphs: readonly string[]
    objectIn: string | null
    /** Fields of the interface that `objectIn` adds to all members. */
    fields: readonly FieldModel[]
  }>
  /** Members of the union `Any`. */
  union: readonly string[]
  queries: readonly FieldModel[]
  mutations: readonly FieldModel[]
}>

/** Fields of the type `Part`, which has no key and is the same in each subgraph. */
export const PART_FIELDS: readonly FieldModel[] = [
  { name: 'size', type: 'Int', args: '' },
  { name: 'label', type: 'String', args: '(lang: String, filter: Filter)' },
  { name: 'sub', type: '[Part]', args: '' },
  { name: 'kind', type: 'Kind!', args: '' },
].map((field) => ({ ...field, owners: [], requires: null, overriddenIn: null, provides: [] }))
