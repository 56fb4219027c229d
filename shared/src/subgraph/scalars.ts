import {
  GraphQLCurrency,
  GraphQLDateTimeISO,
  GraphQLEmailAddress,
  GraphQLJSONObject,
  GraphQLSafeInt,
} from 'graphql-scalars'

/** The scalars of the schema; each subgraph takes those it declares. */
export const scalars = {
  Currency: GraphQLCurrency,
  DateTime: GraphQLDateTimeISO,
  EmailAddress: GraphQLEmailAddress,
  JSONObject: GraphQLJSONObject,
  SafeInt: GraphQLSafeInt,
} as const
