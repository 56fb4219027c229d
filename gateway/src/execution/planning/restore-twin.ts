import type { FetchDataRewrite, FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import { Kind, parse, print, type SelectionSetNode, stripIgnoredCharacters } from 'graphql'
import type { GroupedFetch } from './field-groups.ts'
import type { Twin } from './interface-objects.ts'
import { entityFieldsOf, narrowFetch } from './narrow-fetch.ts'

/**
 * Divides a fetch from a twin by the types of its entities: the subgraph itself knows them by one name, so that entities of
 * two types cannot be asked for different fields in one request.
 */
export function splitByMember(fetch: FetchNode, { members }: Twin): readonly FetchNode[] {
  const types = new Set(entityFieldsOf(fetch).map(({ typeName }) => typeName))
  const asked = [...types].filter((typeName) => members.has(typeName))
  const others = asked.length < types.size ? [narrowFetch(fetch, ({ typeName }) => !members.has(typeName))] : []
  return [
    ...others,
    ...asked.map((member) => ({
      ...narrowFetch(fetch, ({ typeName }) => typeName === member),
      requires: (fetch.requires ?? []).filter((one) => one.kind !== 'InlineFragment' || one.typeCondition === member),
    })),
  ]
}

/** The fetch as the subgraph understands it: by the interface in place of the types that implement it. */
export function askByInterface(fetch: GroupedFetch, { service, typeName, members }: Twin): GroupedFetch {
  const [definition, ...others] = parse(fetch.operation, { noLocation: true }).definitions
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return fetch
  const entities = definition.selectionSet.selections.map((one) =>
    one.kind === Kind.FIELD && one.selectionSet
      ? { ...one, selectionSet: renameConditions(one.selectionSet, { typeName, members }) }
      : one,
  )
  const renamed = { ...definition, selectionSet: { ...definition.selectionSet, selections: entities } }
  const rename = (coordinate: string) => {
    const [type, field] = coordinate.split('.')
    return members.has(type!) ? `${typeName}.${field}` : coordinate
  }
  return {
    ...fetch,
    serviceName: service,
    operation: stripIgnoredCharacters(print({ kind: Kind.DOCUMENT, definitions: [renamed, ...others] })),
    inputRewrites: [...(fetch.inputRewrites ?? []), ...rewritesOf(fetch.requires ?? [], { typeName, members })],
    ...(fetch.groups && { groups: fetch.groups.map((group) => ({ ...group, fields: group.fields.map(rename) })) }),
  }
}

type Named = Pick<Twin, 'typeName' | 'members'>

/** Renames the conditions on the type of the entities, not of objects below them. */
function renameConditions(selectionSet: SelectionSetNode, named: Named): SelectionSetNode {
  const selections = selectionSet.selections.map((one) => {
    if (one.kind !== Kind.INLINE_FRAGMENT) return one
    const inner = renameConditions(one.selectionSet, named)
    if (!one.typeCondition || !named.members.has(one.typeCondition.name.value)) return { ...one, selectionSet: inner }
    const name = { ...one.typeCondition.name, value: named.typeName }
    return { ...one, selectionSet: inner, typeCondition: { ...one.typeCondition, name } }
  })
  return { ...selectionSet, selections }
}

function rewritesOf(requires: readonly QueryPlanSelectionNode[], { typeName, members }: Named): FetchDataRewrite[] {
  return requires.flatMap((one): FetchDataRewrite[] => {
    if (one.kind !== 'InlineFragment' || !one.typeCondition || !members.has(one.typeCondition)) return []
    return [{ kind: 'ValueSetter', path: [`... on ${one.typeCondition}`, '__typename'], setValueTo: typeName }]
  })
}

/** Makes one of the fetches that ask for the same of entities of different types. */
export function mergeEqual(fetches: readonly GroupedFetch[]): readonly GroupedFetch[] {
  const merged = new Map<string, GroupedFetch>()
  for (const fetch of fetches) {
    const groups = fetch.groups?.map(({ fields, keys }) => `${fields} ${keys}`) ?? []
    const key = [fetch.serviceName, fetch.operation, ...groups].join('\n')
    const known = merged.get(key)
    merged.set(key, known ? merge(known, fetch) : fetch)
  }
  return [...merged.values()]
}

function merge(one: GroupedFetch, other: GroupedFetch): GroupedFetch {
  return {
    ...one,
    requires: [...(one.requires ?? []), ...(other.requires ?? [])],
    inputRewrites: [...(one.inputRewrites ?? []), ...(other.inputRewrites ?? [])],
    ...(one.keys && { keys: [...one.keys, ...(other.keys ?? [])] }),
    ...(one.groups && {
      groups: one.groups.map((group, at) => ({
        ...group,
        requires: [...group.requires, ...(other.groups?.[at]?.requires ?? [])],
      })),
    }),
  }
}
