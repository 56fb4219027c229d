import { type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql'

/**
 * The response key under which a field is fetched. A client may use the name of another field as an alias, as in
 * `id: merchant`, and plans fetch fields of their own, which must not collide with it. Such an alias, and one that is a
 * property of every JavaScript object, is replaced in requests to subgraphs.
 */
export type PlannedKey = (alias: string, fieldName: string) => string

export function createPlannedKeys(schema: GraphQLSchema): PlannedKey {
  const taken = new Set(['__typename', ...Object.getOwnPropertyNames(Object.prototype)])
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const name of Object.keys(type.getFields())) taken.add(name)
  }
  return (alias, fieldName) => (alias !== fieldName && taken.has(alias) ? `${alias}__is__${fieldName}` : alias)
}

const RENAMED = /^(.+)__is__/

/** The path with the client's aliases. */
export function toClientPath(path: readonly (string | number)[]): readonly (string | number)[] {
  return path.map((key) => (typeof key === 'string' ? (RENAMED.exec(key)?.[1] ?? key) : key))
}

/** The name of a field that stands in plans for another one with certain arguments. */
export function standInName(fieldName: string, index: number): string {
  return `${fieldName}__for${index}`
}

const MADE_FOR_PLANS = /\b(\w+?)__(?:is__\w+|for\d+\b)/g

/** A text of a subgraph with the keys of the client in place of those that were made for the plan. */
export function toClientText(text: string): string {
  return text.includes('__') ? text.replace(MADE_FOR_PLANS, '$1') : text
}
