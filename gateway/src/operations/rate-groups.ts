import { textArgumentOf } from '@redress/shared/subgraph/directives.ts'
import type { GraphQLCompositeType, GraphQLSchema } from 'graphql'
import { RATE_GROUPS, type RateGroup } from '../access/rate-limit.ts'

/** The rate-limit group of a root field beside `general`, which every operation counts for; null for most fields. */
export type FieldRateGroups = (root: GraphQLCompositeType, fieldName: string) => RateGroup | null

/** Reads `@rateLimit(group:)` of the root fields of a supergraph. A foreign directive of that name has no effect. */
export function readRateGroups(schema: GraphQLSchema): FieldRateGroups {
  const groups = new Map<string, RateGroup>()
  for (const root of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(root?.getFields() ?? {})) {
      const name = textArgumentOf(field, 'rateLimit', 'group')
      const group = RATE_GROUPS.find((one) => one === name)
      if (group !== undefined && group !== 'general') groups.set(`${root!.name}.${field.name}`, group)
    }
  }
  return (root, fieldName) => groups.get(`${root.name}.${fieldName}`) ?? null
}
