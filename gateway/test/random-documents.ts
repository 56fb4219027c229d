import fc from 'fast-check'
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql'

/** The variables of a random document; each is a condition or a page size. */
export const VARIABLES = 'query ($n: Int, $m: Int = 7, $yes: Boolean = true, $no: Boolean!) '

type Draw = (below: number) => number
type Field = GraphQLField<unknown, unknown>

const DEPTH_MAX = 6
const CONDITIONS = ['', '', '', '', ' @include(if: $yes)', ' @skip(if: $no)', ' @include(if: $no) @skip(if: false)']
/** Sizes of a page; an argument that must not be null takes the first two only. */
const PAGES = ['first: 3', 'first: 100', 'first: $n', 'first: $m', 'first: null']

/** Documents of the schema, with fragments, aliases, page sizes and conditions; some have fields that conflict. */
export function randomDocuments(schema: GraphQLSchema): fc.Arbitrary<string> {
  return fc.array(fc.nat(1_000), { minLength: 5, maxLength: 120 }).map((tape) => {
    let at = 0
    // Where the tape ends, the choice is the first one: the smallest document.
    const draw: Draw = (below) => (tape[at++] ?? 0) % below
    const fragments: string[] = []
    const text = selections(schema, schema.getQueryType()!, 0, draw, fragments)
    return `${VARIABLES}${text} ${fragments.join(' ')}`
  })
}

function selections(schema: GraphQLSchema, parent: GraphQLNamedType, depth: number, draw: Draw, fragments: string[]) {
  const count = 1 + draw(3)
  const parts = Array.from({ length: count }, () => selection(schema, parent, depth, draw, fragments))
  return `{ ${parts.join(' ')} }`
}

function selection(
  schema: GraphQLSchema,
  parent: GraphQLNamedType,
  depth: number,
  draw: Draw,
  fragments: string[],
): string {
  const kind = draw(10)
  const condition = CONDITIONS[draw(CONDITIONS.length)]!
  if (kind >= 8 && depth < DEPTH_MAX) {
    const type = isAbstractType(parent) ? schema.getPossibleTypes(parent)[draw(3)]! : parent
    const inner = selections(schema, type, depth + 1, draw, fragments)
    if (kind === 8) return `... on ${type.name}${condition} ${inner}`
    const name = `F${fragments.length}`
    fragments.push(`fragment ${name} on ${type.name} ${inner}`)
    return `...${name}${condition}${draw(2) === 0 ? ` ...${name}` : ''}`
  }
  if (!isObjectType(parent) && !isInterfaceType(parent)) return `__typename${condition}`
  const fields = Object.values(parent.getFields()).filter(
    ({ type, args }) =>
      (depth < DEPTH_MAX || !isCompositeType(getNamedType(type))) && args.filter(isRequiredArgument).every(isText),
  )
  return fieldText(schema, fields[draw(fields.length)], condition, depth, draw, fragments)
}

const isText = ({ type }: GraphQLArgument) => ['ID', 'String'].includes(getNamedType(type).name)

function fieldText(
  schema: GraphQLSchema,
  field: Field | undefined,
  condition: string,
  depth: number,
  draw: Draw,
  fragments: string[],
): string {
  if (field === undefined) return `__typename${condition}`
  const alias = draw(4) === 3 ? `a${draw(2)}: ` : ''
  const given = field.args.filter(isRequiredArgument).map(({ name, type }) => `${name}: ${valueText(type, draw)}`)
  const page = field.args.find(({ name }) => name === 'first')
  if (page && draw(3) > 0) given.push(PAGES[draw(isNonNullType(page.type) ? 2 : PAGES.length)]!)
  const type = getNamedType(field.type)
  const below = isCompositeType(type) ? ` ${selections(schema, type, depth + 1, draw, fragments)}` : ''
  return `${alias}${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''}${condition}${below}`
}

/** An id, or an object with nothing in it but what it must have. */
function valueText(type: GraphQLInputType, draw: Draw): string {
  const named = getNamedType(type)
  if (!isInputObjectType(named)) return `"${draw(2)}"`
  const required = Object.values(named.getFields()).filter(isRequiredInputField)
  return `{${required.map((field) => `${field.name}: ${valueText(field.type, draw)}`).join(', ')}}`
}
