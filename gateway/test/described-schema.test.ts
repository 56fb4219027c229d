import { readFileSync } from 'node:fs'
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  parse,
  visit,
} from 'graphql'
import { expect, it } from 'vitest'

const schema = buildSchema(readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8'))
/** Types of the specifications of federation, which clients do not see. */
const isOurs = (name: string) => !/^(__|join__|link__|core__)/.test(name)
const ROOTS = ['Query', 'Mutation', 'Subscription']

/** The coordinates of everything that clients see and that lacks a description. */
function findUndescribed(): readonly string[] {
  const missing: string[] = []
  const need = (coordinate: string, { description }: { description?: string | null | undefined }) => {
    if (!description?.trim()) missing.push(coordinate)
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isOurs(type.name) || isSpecifiedScalarType(type)) continue
    if (!ROOTS.includes(type.name)) need(type.name, type)
    if (isEnumType(type)) for (const value of type.getValues()) need(`${type.name}.${value.name}`, value)
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue
    for (const field of Object.values(type.getFields())) {
      need(`${type.name}.${field.name}`, field)
      for (const argument of 'args' in field ? field.args : [])
        need(`${type.name}.${field.name}(${argument.name}:)`, argument)
    }
  }
  return missing
}

it('every type, field, argument and enum value has a description', () => {
  expect(findUndescribed()).toEqual([])
})

it('every root field of queries and mutations may be null, so that none takes its neighbours away', () => {
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((root) => Object.values(root!.getFields()))

  expect(fields.filter(({ type }) => String(type).endsWith('!')).map(({ name }) => name)).toEqual([])
})

it('every list of rows is a connection in both directions', () => {
  const oneWay = Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({ coordinate: `${type.name}.${field.name}`, field })),
    )
    .filter(({ field }) => String(field.type).replace('!', '').endsWith('Connection'))
    .filter(({ field }) =>
      ['first', 'after', 'last', 'before'].some((name) => !field.args.some((one) => one.name === name)),
    )

  expect(oneWay.map(({ coordinate }) => coordinate)).toEqual([])
})

it('every size of a page has its bounds in the schema, so that a wrong one is named beside all other problems', () => {
  const services = ['issues-service', 'decision-service', 'audit-service']
  const unbounded = services.flatMap((service) => {
    const found: string[] = []
    visit(parse(readFileSync(new URL(`../../${service}/schema.graphql`, import.meta.url), 'utf8')), {
      InputValueDefinition({ name, directives = [] }) {
        const isBounded = directives.some((one) => one.name.value === 'bounds')
        if (/^(first|last)$/.test(name.value) && !isBounded) found.push(`${service}: ${name.value}`)
      },
    })
    return found
  })

  expect(unbounded).toEqual([])
})
