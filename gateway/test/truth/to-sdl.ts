import { parse, visit } from 'graphql'
import type { EntityModel, FieldModel, KeyName, Model } from './model.ts'
import { PART_FIELDS } from './model.ts'

const KEY_FIELDS: Readonly<Record<KeyName, readonly string[]>> = {
  id: ['id: ID!'],
  sku: ['sku: String!'],
  'num org { oid }': ['num: Int!', 'org: Org!'],
}

/** The schema of each subgraph. */
export function toSdls(model: Model): Readonly<Record<string, string>> {
  return Object.fromEntries(model.subgraphs.map((name) => [name, toSdl(model, name)]))
}

function toSdl(model: Model, subgraph: string): string {
  const definitions = [
    rootType('Query', model.queries, subgraph),
    rootType('Mutation', model.mutations, subgraph),
    ...model.entities.map((entity) => entityType(model, entity, subgraph)),
    mediaType(model, subgraph),
  ].filter((text) => text !== '')
  return withUsedTypes(model, subgraph, definitions)
}

function rootType(name: string, fields: readonly FieldModel[], subgraph: string): string {
  const own = fields.filter(({ owners }) => owners.includes(subgraph))
  return own.length === 0
    ? ''
    : `type ${name} {\n${own.map((one) => `${fieldLine(one)}${provided(one)}`).join('\n')}\n}`
}

const provided = ({ provides }: FieldModel) =>
  provides.length > 0 ? ` @provides(fields: "${provides.join(' ')}")` : ''

function fieldLine({ name, args, type }: FieldModel): string {
  return `  ${name}${args}: ${type}`
}

function entityType(model: Model, { name, keys, fields }: EntityModel, subgraph: string): string {
  const own = keys[subgraph]
  const external = new Set([
    ...requiredIn(fields, subgraph),
    ...requiredBelow(model, name, subgraph),
    ...providedIn(model, name, subgraph),
  ])
  const externals = fields.filter((field) => !field.owners.includes(subgraph) && external.has(field.name))
  if (own === undefined) return isReferred(model, name, subgraph) ? stubOf(name, keys, externals) : ''
  const { media } = model
  const isMember = media.members.includes(name) && media.subgraphs.includes(subgraph)
  const lines = [
    ...new Set(own.flatMap((key) => KEY_FIELDS[key])),
    ...fields.flatMap((field): string[] => {
      const line = fieldLine(field)
      if (field.overriddenIn === subgraph) return [line]
      if (!field.owners.includes(subgraph)) return externals.includes(field) ? [`${line} @external`] : []
      const marks = [
        field.requires ? `@requires(fields: ${JSON.stringify(field.requires)})` : '',
        field.owners.length > 1 || isProvided(model, name, field) ? '@shareable' : '',
        field.overriddenIn ? `@override(from: "${field.overriddenIn}")` : '',
      ]
      return [`${[line, ...marks].join(' ')}${provided(field)}`]
    }),
  ]
  const marks = own.map((key) => `@key(fields: "${key}")`).join(' ')
  const interfaces = subgraph === media.subgraphs[0] ? ' implements Media & Titled' : ' implements Media'
  return `type ${name}${isMember ? interfaces : ''} ${marks} {\n${lines.join('\n')}\n}`
}

/** A subgraph that only refers to a type knows its key. */
function stubOf(name: string, keys: EntityModel['keys'], externals: readonly FieldModel[]): string {
  const [key] = Object.values(keys)[0] ?? (['id'] as const)
  const lines = [...KEY_FIELDS[key!], ...externals.map((field) => `${fieldLine(field)} @external`)]
  return `type ${name} @key(fields: "${key}", resolvable: false) {\n${lines.join('\n')}\n}`
}

/** The fields of an entity that other fields of a subgraph bring along. */
function providedIn(model: Model, entity: string, subgraph: string): readonly string[] {
  return allFields(model).flatMap(({ owners, type, provides }) =>
    owners.includes(subgraph) && type.replace(/[[\]!]/g, '') === entity ? provides : [],
  )
}

function isProvided(model: Model, entity: string, { name }: FieldModel): boolean {
  return model.subgraphs.some((subgraph) => providedIn(model, entity, subgraph).includes(name))
}

function allFields({ queries, mutations, media, entities }: Model): readonly FieldModel[] {
  return [...queries, ...mutations, ...media.fields, ...entities.flatMap(({ fields }) => fields)]
}

function requiredIn(fields: readonly FieldModel[], subgraph: string): ReadonlySet<string> {
  const own = fields.filter(({ owners, requires }) => owners.includes(subgraph) && requires !== null)
  const names = new Set<string>()
  for (const { requires } of own) {
    visit(parse(`{${requires}}`), {
      Field({ name }, _key, _parent, _path, ancestors) {
        // Only those of the entity; the types below are the same everywhere.
        if (ancestors.filter((one) => !Array.isArray(one) && 'kind' in one && one.kind === 'Field').length === 0) {
          names.add(name.value)
        }
      },
    })
  }
  return names
}

/** The fields of an entity that fields of other entities require in a subgraph, as in `maker { code }`. */
function requiredBelow({ entities }: Model, name: string, subgraph: string): readonly string[] {
  return entities.flatMap(({ fields }) =>
    fields.flatMap(({ owners, requires }) => {
      const [, above, below] = /^(\w+) \{ (\w+)/.exec(requires ?? '') ?? []
      const type = fields.find((one) => one.name === above)?.type.replace(/[[\]!]/g, '')
      return owners.includes(subgraph) && type === name ? [below!] : []
    }),
  )
}

const MEDIA_FIELDS = ['title: String', 'tag(n: Int): String']

function mediaType({ media }: Model, subgraph: string): string {
  if (subgraph === media.objectIn) {
    const required = new Set(
      media.fields.flatMap(({ requires }) => [...(requires ?? '').matchAll(/title|tag/g)].flat()),
    )
    const lines = media.fields.map((field) =>
      field.requires ? `${fieldLine(field)} @requires(fields: "${field.requires}")` : fieldLine(field),
    )
    const external = MEDIA_FIELDS.filter((line) => required.has(/^\w+/.exec(line)![0])).map(
      (line) => `${line} @external`,
    )
    return `type Media @key(fields: "id") @interfaceObject {\n${['id: ID!', ...external, ...lines].join('\n')}\n}`
  }
  if (!media.subgraphs.includes(subgraph)) return ''
  return subgraph === media.subgraphs[0]
    ? `interface Media @key(fields: "id") { id: ID! ${MEDIA_FIELDS.join(' ')} } interface Titled { title: String }`
    : 'interface Media @key(fields: "id") { id: ID! }'
}

function isReferred(model: Model, name: string, subgraph: string): boolean {
  return allFields(model).some(
    ({ owners, overriddenIn, type }) =>
      (owners.includes(subgraph) || overriddenIn === subgraph) &&
      (type.includes(name) || (type.includes('Any') && model.union.includes(name))),
  )
}

/** Adds the types without keys. */
function withUsedTypes(model: Model, subgraph: string, definitions: readonly string[]): string {
  const text = definitions.join('\n')
  const parts = PART_FIELDS.map(fieldLine).join('\n')
  const members = model.union.filter(
    (name) => model.entities.find((one) => one.name === name)!.keys[subgraph] || isReferred(model, name, subgraph),
  )
  return [
    text,
    'enum Kind { NEW OLD ODD }',
    'scalar Long',
    'input Filter { text: String n: Int = 5 kinds: [Kind!] l: Long inner: Filter }',
    /\bPart\b/.test(text) ? `type Part @shareable {\n${parts}\n}` : '',
    /\bOrg\b/.test(text) ? 'type Org @shareable { oid: ID! }' : '',
    /\bAny\b/.test(text) ? `union Any = ${members.join(' | ')}` : '',
  ].join('\n')
}
