import { type GraphQLSchema, isInterfaceType, isObjectType } from 'graphql'

/**
 * The key under which a field is fetched. A client may call a field by the name of another, such as `id: merchant`;
 * plans fetch keys of their own beside what the client asked for, and the two must not meet. So such an alias, and one
 * that means something to JavaScript, is another on the way to the subgraphs.
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

/** The path as the client knows it. */
export function toClientPath(path: readonly (string | number)[]): readonly (string | number)[] {
  return path.map((key) => (typeof key === 'string' ? (RENAMED.exec(key)?.[1] ?? key) : key))
}
