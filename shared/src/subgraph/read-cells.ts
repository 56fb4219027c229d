import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
} from 'graphql'

type Cells = Readonly<Record<string, unknown>>
/** An object or a list that is being built; without a prototype, so that a column can have any name. */
type Branch = { [name: string]: unknown }

/**
 * Builds the JSON of an input type from the cells of a row. The name of a column is the path of its field
 * (`amount.currency`, `paymentMethods.0.brand`); an empty cell is null, and numbers and truth values are read from their
 * text. Whether the result fits the type is not checked.
 */
export function readCells(type: GraphQLInputObjectType, cells: Cells): unknown {
  const root: Branch = Object.create(null)
  for (const [column, text] of Object.entries(cells)) {
    if (text === '' || text == null) continue
    put(root, text, { path: column.split('.'), type })
  }
  return toJson(root, type)
}

type Place = Readonly<{ path: readonly string[]; type: GraphQLInputType | null }>

function put(branch: Branch, text: unknown, { path: [name = '', ...deeper], type }: Place): void {
  const inner = type && typeOfField(type, name)
  // Nothing is read below a name that is unknown, however many levels its column has.
  if (deeper.length === 0 || inner === null) {
    branch[name] = toValue(text, inner)
    return
  }
  const next = branch[name]
  const known: Branch = isBranch(next) ? next : Object.create(null)
  branch[name] = known
  put(known, text, { path: deeper, type: inner })
}

const isBranch = (value: unknown): value is Branch => typeof value === 'object' && value !== null

/** The type of a field, or of an element of a list; null for a name that the type does not have. */
function typeOfField(type: GraphQLInputType, name: string): GraphQLInputType | null {
  const given = getNullableType(type)
  if (isListType(given)) return given.ofType
  return isInputObjectType(given) ? (given.getFields()[name]?.type ?? null) : null
}

const WHOLE = /^\s*[+-]?\d{1,16}\s*$/
const TRUTH = new Map([
  ['true', true],
  ['false', false],
])

function toValue(text: unknown, type: GraphQLInputType | null): unknown {
  if (type === null || typeof text !== 'string') return text
  const { name } = getNamedType(type)
  if ((name === 'Int' || name === 'SafeInt') && WHOLE.test(text)) return Number(text)
  return name === 'Boolean' ? (TRUTH.get(text.trim().toLowerCase()) ?? text) : text
}

/** Objects as they are; those that stand for a list, by the order of its columns. */
function toJson(branch: unknown, type: GraphQLInputType | null): unknown {
  if (!isBranch(branch)) return branch
  const given = type && getNullableType(type)
  if (isListType(given)) return Object.values(branch).map((element) => toJson(element, given.ofType))
  const fields = Object.entries(branch)
  return Object.fromEntries(fields.map(([name, value]) => [name, toJson(value, given && typeOfField(given, name))]))
}
