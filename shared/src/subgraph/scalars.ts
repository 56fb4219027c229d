import { GraphQLScalarType } from 'graphql'
import { GraphQLDateTimeISO, GraphQLEmailAddress, GraphQLJSONObject, GraphQLSafeInt } from 'graphql-scalars'
import { toCurrency } from '../currency.ts'
import { InvalidValue } from './invalid-value.ts'

function withInvalidValues(scalar: GraphQLScalarType, problem: string): GraphQLScalarType {
  const invalid = new InvalidValue(problem)
  return new GraphQLScalarType({
    ...scalar.toConfig(),
    // Without ISO at its end: the schema's type takes the name of what it is served by.
    name: scalar.name.replace(/ISO$/, ''),
    parseValue: (value) => valueOr(invalid, () => scalar.parseValue(value)),
    parseLiteral: (node, variables) => valueOr(invalid, () => scalar.parseLiteral(node, variables)),
  })
}

function valueOr(invalid: InvalidValue, parse: () => unknown): unknown {
  try {
    return parse()
  } catch {
    return invalid
  }
}

const Currency = new GraphQLScalarType({
  name: 'Currency',
  parseValue(value) {
    const code = typeof value === 'string' ? toCurrency(value) : null
    if (code === null) throw new TypeError('not a currency')
    return code
  },
  serialize: String,
})

/** The scalars of the schema; each subgraph takes those it declares. */
export const scalars = {
  Currency: withInvalidValues(Currency, 'must be a currency code of ISO 4217'),
  DateTime: withInvalidValues(GraphQLDateTimeISO, 'must be an RFC 3339 date-time'),
  EmailAddress: withInvalidValues(GraphQLEmailAddress, 'must be an e-mail address'),
  JSONObject: withInvalidValues(GraphQLJSONObject, 'must be a JSON object'),
  SafeInt: withInvalidValues(GraphQLSafeInt, 'must be an integer within ±(2^53 − 1)'),
} as const
