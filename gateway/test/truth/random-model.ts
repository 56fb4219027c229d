import type { Random } from '../../../scripts/random.ts'
import type { EntityModel, FieldModel, KeyName, Model } from './model.ts'

const SCALARS = ['Int', 'String', 'Float', 'Boolean', 'ID', 'Long', 'Kind', 'Int!', 'String!', '[Int]', '[[String]]']
const ARGUMENTS = [
  '(n: Int)',
  '(text: String!)',
  '(filter: Filter)',
  '(kind: Kind = NEW, n: Int! = 3)',
  '(l: Long)',
  '(ns: [Int!])',
]
const KEYS: readonly KeyName[] = ['id', 'sku', 'num org { oid }']
const ENTITIES = ['Alpha', 'Beta', 'Gamma', 'Delta']

/** A graph with two to four subgraphs; not every one can be composed. */
export function randomModel(seed: number, random: Random): Model {
  const subgraphs = ['a', 'b', 'c', 'd'].slice(0, 2 + random.below(3))
  const members = ENTITIES.slice(0, 2)
  const objectIn = random.chance(0.6) ? random.pick(subgraphs) : null
  const withMembers = subgraphs.filter((name) => name !== objectIn)
  const names = ENTITIES.slice(0, 2 + random.below(3))
  const union = names.filter((name) => name !== 'Beta' || random.chance(0.5))
  const parts = { random, subgraphs, names, objectIn }
  const entities = names.map((name) => {
    const possible = members.includes(name) ? withMembers : subgraphs
    return randomEntity(name, members.includes(name) ? possible : atLeastOne(random, possible), parts)
  })
  const fields = objectIn === null ? [] : randomFields('media', [objectIn], { ...parts, fields: 3, isShared: false })
  const rooted = atLeastOne(random, subgraphs)
  const providing = (field: FieldModel) => withProvided(random, field, entities)
  return {
    seed,
    isFaulty: random.chance(0.25),
    subgraphs,
    entities: entities.map((entity) => ({ ...entity, fields: entity.fields.map(providing) })),
    media: {
      members,
      subgraphs: withMembers,
      objectIn,
      fields: withRequirements(random, fields, { from: REQUIRED_OF_MEDIA, owner: objectIn }),
    },
    union,
    queries: rooted.flatMap((name) => rootFields('q', name, parts)).map(providing),
    mutations: rooted.flatMap((name) => rootFields('m', name, parts)).map(providing),
  }
}

/** Ways to select a field of the interface in a `@requires`. */
const REQUIRED_OF_MEDIA = ['title', 'tag(n: 1)', 'tag(n: 2)', 'tag']

type Parts = Readonly<{
  random: Random
  subgraphs: readonly string[]
  names: readonly string[]
  objectIn: string | null
}>

function atLeastOne<T>(random: Random, from: readonly T[]): readonly T[] {
  const some = from.filter(() => random.chance(0.8))
  return some.length > 0 ? some : [from[0]!]
}

function randomEntity(name: string, owners: readonly string[], parts: Parts): EntityModel {
  const { random } = parts
  const isMember = name === 'Alpha' || name === 'Beta'
  const keys = Object.fromEntries(
    owners.map((owner, index) => {
      const found = KEYS.filter((key) => (isMember && key === 'id') || random.chance(index === 0 ? 0.7 : 0.45))
      return [owner, found.length > 0 ? found : (['id'] as const)]
    }),
  )
  const fields = randomFields(name.toLowerCase(), owners, { ...parts, fields: 6, isShared: true })
  const ofMedia: FieldModel[] = isMember
    ? [plainField('title', 'String', owners[0]!), { ...plainField('tag', 'String', owners[0]!), args: '(n: Int)' }]
    : []
  const once = withRequirements(random, [...ofMedia, ...fields], { from: null, owner: random.pick(owners) })
  // A second subgraph may compute from what the first one has computed.
  return { name, keys, fields: withRequirements(random, once, { from: null, owner: random.pick(owners) }) }
}

function plainField(name: string, type: string, owner: string): FieldModel {
  return { name, type, args: '', owners: [owner], requires: null, overriddenIn: null, provides: [] }
}

type FieldParts = Parts & Readonly<{ fields: number; isShared: boolean }>

function randomFields(prefix: string, owners: readonly string[], parts: FieldParts): readonly FieldModel[] {
  const { random, isShared } = parts
  return Array.from({ length: 2 + random.below(parts.fields) }, (_, index): FieldModel => {
    const owner = random.pick(owners)
    const other = random.pick(owners)
    const type = randomType(parts, [owner, other])
    const isOverridden = isShared && other !== owner && random.chance(0.15)
    const isMore = isShared && !isOverridden && random.chance(0.15)
    return {
      ...plainField(`${prefix}${index}`, type, owner),
      args: random.chance(0.3) ? random.pick(ARGUMENTS) : '',
      owners: isMore ? [...new Set([owner, other])] : [owner],
      overriddenIn: isOverridden ? other : null,
    }
  })
}

function randomType({ random, ...parts }: Parts, owners: readonly string[]): string {
  if (random.chance(0.5)) return random.pick(SCALARS)
  const named = random.pick(typesKnownIn(owners, parts))
  return random.pick([named, named, `${named}!`, `[${named}]`, `[${named}!]!`, `[[${named}]]`])
}

/** Where an interface is known as an object only, its members are not known. */
function typesKnownIn(owners: readonly string[], { names, objectIn }: Omit<Parts, 'random'>): readonly string[] {
  const isObject = objectIn !== null && owners.includes(objectIn)
  const entities = isObject ? names.filter((name) => name !== 'Alpha' && name !== 'Beta') : [...names, 'Any']
  return [...entities, 'Part', 'Media', 'Part']
}

type Requiring = Readonly<{
  /** Names of fields to require; null for the fields themselves. */
  from: readonly string[] | null
  /** The subgraph that computes fields; null for none. */
  owner: string | null
}>

/** Lets some fields of one subgraph be computed from fields of others. */
function withRequirements(
  random: Random,
  fields: readonly FieldModel[],
  { from, owner }: Requiring,
): readonly FieldModel[] {
  const known = new Map(fields.map((field) => [field.name, field]))
  for (const field of fields) {
    const isPlain = field.owners.length === 1 && field.overriddenIn === null && field.requires === null
    if (owner === null || field.owners[0] !== owner || !isPlain || !random.chance(0.6)) continue
    const others = [...known.values()].filter(
      (one) => !one.owners.includes(owner) && one.overriddenIn === null && !needs(one, field.name, known),
    )
    const candidates = from ?? others.flatMap((one) => requirementsOf(one))
    if (candidates.length === 0) continue
    const chosen = new Set([random.pick(candidates), ...(random.chance(0.4) ? [random.pick(candidates)] : [])])
    const names = [...chosen].map((one) => /^\w+/.exec(one)![0])
    if (new Set(names).size === names.length) known.set(field.name, { ...field, requires: [...chosen].join(' ') })
  }
  return [...known.values()]
}

/** Whether a field is computed from another one, directly or not. */
function needs({ requires }: FieldModel, name: string, known: ReadonlyMap<string, FieldModel>): boolean {
  const found = [...(requires ?? '').matchAll(/\w+/g)].map(([word]) => known.get(word))
  return found.some((one) => one !== undefined && (one.name === name || needs(one, name, known)))
}

/** Lets a field bring fields of its entities along. */
function withProvided(random: Random, field: FieldModel, entities: readonly EntityModel[]): FieldModel {
  const [owner] = field.owners
  const entity = entities.find(({ name }) => name === namedIn(field.type))
  if (entity === undefined || field.owners.length > 1 || field.overriddenIn !== null || !random.chance(0.4))
    return field
  const possible = entity.fields.filter(
    ({ owners, args, requires, overriddenIn, type }) =>
      !owners.includes(owner!) && args === '' && requires === null && overriddenIn === null && SCALARS.includes(type),
  )
  return possible.length === 0 ? field : { ...field, provides: [random.pick(possible).name] }
}

const namedIn = (type: string) => type.replace(/[[\]!]/g, '')

/** Ways to select a field in a `@requires`. */
function requirementsOf({ name, type, args }: FieldModel): readonly string[] {
  const named = namedIn(type)
  const below = named === 'Part' ? ' { size sub { label(lang: "de") } }' : ''
  if (/^(Alpha|Beta|Gamma|Delta|Media|Any)$/.test(named)) return []
  if (args === '') return [`${name}${below}`]
  return GIVEN[args]!.map((given) => `${name}${given}${below}`)
}

const GIVEN: Readonly<Record<string, readonly string[]>> = {
  '(n: Int)': ['(n: 1)', '(n: 2)', ''],
  '(text: String!)': ['(text: "EUR")', '(text: "USD")'],
  '(filter: Filter)': ['(filter: { text: "x", kinds: [OLD] })', ''],
  '(kind: Kind = NEW, n: Int! = 3)': ['(kind: OLD)', '(n: 4)', ''],
  '(l: Long)': ['(l: 9007199254740993)', ''],
  '(ns: [Int!])': ['(ns: [1, 2])', ''],
}

function rootFields(prefix: string, owner: string, { random, ...parts }: Parts): readonly FieldModel[] {
  return Array.from({ length: 2 + random.below(2) }, (_, index) => {
    const named = random.pick(typesKnownIn([owner], parts))
    const type = random.pick([named, `[${named}]`, `[${named}!]!`, `[[${named}!]]`])
    return {
      ...plainField(`${prefix}${owner}${index}`, type, owner),
      args: random.chance(0.4) ? random.pick(ARGUMENTS) : '',
    }
  })
}
