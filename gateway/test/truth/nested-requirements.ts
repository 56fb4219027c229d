import type { Random } from '../../../scripts/random.ts'
import type { EntityModel, FieldModel, Model } from './model.ts'

const SCALAR = /^(Int|String|Float|Boolean|ID|Long|Kind)!?$/

/** Lets some fields of entities be computed from fields of other entities, which the subgraph may know as external only. */
export function withNestedRequirements(model: Model, random: Random): Model {
  /** A field is either computed here or needed by one that is, so that none is computed from itself. */
  const computed = new Set<string>()
  const needed = new Set<string>()
  const provided = new Set(
    [...model.queries, ...model.mutations, ...model.entities.flatMap(({ fields }) => fields)].flatMap(
      ({ provides }) => provides,
    ),
  )
  const withRequirement = (entity: EntityModel, field: FieldModel): FieldModel => {
    const [owner] = field.owners
    const place = `${entity.name}.${field.name}`
    const isPlain =
      field.owners.length === 1 && field.overriddenIn === null && field.requires === null && !provided.has(field.name)
    const isRequired = needed.has(place) || entity.fields.some(({ requires }) => requires?.includes(field.name))
    const candidates = entity.fields
      .flatMap((one) => requirementsOf(entity.name, one, { owner: owner!, model }))
      .filter(({ names }) => names.every((name) => name !== place && !computed.has(name)))
    if (!isPlain || isRequired || candidates.length === 0 || !random.chance(0.9)) return field
    const { requires, names } = random.pick(candidates)
    computed.add(place)
    for (const name of names) needed.add(name)
    return { ...field, requires }
  }
  const entities = model.entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field) => withRequirement(entity, field)),
  }))
  return { ...model, entities }
}

/** With the fields that it names, as `Type.field`. */
type Requirement = Readonly<{ requires: string; names: readonly string[] }>

function requirementsOf(
  typeName: string,
  field: FieldModel,
  { owner, model }: Readonly<{ owner: string; model: Model }>,
): readonly Requirement[] {
  const { name, type, args, owners, requires, overriddenIn } = field
  const target = model.entities.find((one) => one.name === type.replace(/[[\]!]/g, ''))
  const isForeign = !owners.includes(owner) && overriddenIn === null && requires === null && args === ''
  if (!isForeign || target?.keys[owner] === undefined) return []
  return selectionsIn(target, owner, model).map((one) => ({
    requires: `${name} { ${one} }`,
    names: [`${typeName}.${name}`, `${target.name}.${one.split(' ')[0]}`],
  }))
}

/** Ways to select a field of an entity, as far as another subgraph can know it: `id`, `size`, `maker { id }`. */
function selectionsIn(target: EntityModel, owner: string, { entities }: Model): readonly string[] {
  const key = target.keys[owner]!.includes('id') ? ['id'] : []
  const possible = target.fields.filter((one) => one.args === '' && one.requires === null && one.overriddenIn === null)
  const scalars = possible.filter(({ type }) => SCALAR.test(type)).map(({ name }) => name)
  const inner = possible.filter(({ type }) =>
    entities.some(({ name, keys }) => name === type.replace(/[[\]!]/g, '') && keys[owner]?.includes('id')),
  )
  return [...key, ...scalars, ...inner.map(({ name }) => `${name} { id }`)]
}
