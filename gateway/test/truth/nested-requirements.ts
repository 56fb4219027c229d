import type { Random } from '../../../scripts/random.ts'
import type { EntityModel, FieldModel, Model } from './model.ts'

const SCALAR = /^(Int|String|Float|Boolean|ID|Long|Kind)!?$/

/** Lets some fields of entities be computed from fields of other entities, which the subgraph may know as external only. */
export function withNestedRequirements(model: Model, random: Random): Model {
  const entities = model.entities.map((entity) => ({
    ...entity,
    fields: entity.fields.map((field): FieldModel => {
      const [owner] = field.owners
      const isPlain = field.owners.length === 1 && field.overriddenIn === null && field.requires === null
      // Another field may be computed from this one, which would then be computed from itself.
      const isRequired = entity.fields.some(({ requires }) => requires?.includes(field.name))
      if (!isPlain || isRequired || !random.chance(0.9)) return field
      const candidates = entity.fields.flatMap((one) => requirementsOf(one, owner!, model))
      return candidates.length === 0 ? field : { ...field, requires: random.pick(candidates) }
    }),
  }))
  return { ...model, entities }
}

function requirementsOf({ name, type, args, owners, requires, overriddenIn }: FieldModel, owner: string, model: Model) {
  const target = model.entities.find((one) => one.name === type.replace(/[[\]!]/g, ''))
  const isForeign = !owners.includes(owner) && overriddenIn === null && requires === null && args === ''
  if (!isForeign || target?.keys[owner] === undefined) return []
  return namesIn(target, owner).map((one) => `${name} { ${one} }`)
}

function namesIn({ keys, fields }: EntityModel, owner: string): readonly string[] {
  const key = keys[owner]!.includes('id') ? ['id'] : []
  const scalars = fields.filter(
    (one) => SCALAR.test(one.type) && one.args === '' && one.requires === null && one.overriddenIn === null,
  )
  return [...key, ...scalars.map(({ name }) => name)]
}
