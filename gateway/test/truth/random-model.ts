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
  return {
    seed,
    subgraphs,
    entities,
    media: { members, subgraphs: withMembers, objectIn, fields: withRequirements(random, fields, ['title'], objectIn) },
    union,
    queries: rooted.flatMap((name) => rootFields('q', name, parts)),
    mutations: rooted.flatMap((name) => rootFields('m', name, parts)),
  }
}

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
  const titled: FieldModel[] = isMember ? [plainField('title', 'String', owners[0]!)] : []
  const own = [...titled, ...fields]
  const computing = random.pick(owners)
  return { name, keys, fields: withRequirements(random, own, null, computing) }
}

function plainField(name: string, type: string, owner: string): FieldModel {
  return { name, type, args: '', owners: [owner], requires: null, overriddenIn: null, provides: null }
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

/** Lets some fields of one subgraph be computed from fields of others. */
function withRequirements(
  random: Random,
  fields: readonly FieldModel[],
  /** Names of fields to require; null for the fields themselves. */
  from: readonly string[] | null,
  owner: string | null,
): readonly FieldModel[] {
  return fields.map((field) => {
    const [first] = field.owners
    if (owner === null || first !== owner || field.owners.length > 1 || field.overriddenIn !== null) return field
    if (!random.chance(0.6)) return field
    const others = fields.filter(
      (one) => !one.owners.includes(owner) && one.overriddenIn === null && one.requires === null,
    )
    const candidates = from ?? others.flatMap((one) => requirementsOf(one))
    if (candidates.length === 0) return field
    const chosen = new Set([random.pick(candidates), ...(random.chance(0.4) ? [random.pick(candidates)] : [])])
    const names = [...chosen].map((one) => /^\w+/.exec(one)![0])
    return new Set(names).size === names.length ? { ...field, requires: [...chosen].join(' ') } : field
  })
}

/** Ways to select a field in a `@requires`. */
function requirementsOf({ name, type, args }: FieldModel): readonly string[] {
  const named = type.replace(/[[\]!]/g, '')
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
