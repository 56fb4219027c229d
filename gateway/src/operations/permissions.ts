import { type Principal, reachOf } from '@redress/shared/access/permissions.ts'
import { urnOf } from '@redress/shared/subgraph/permission-directive.ts'
import {
  type DocumentNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql'

/** The permissions that a field needs: its own, and that of its type. */
export type FieldPermissions = (parent: GraphQLCompositeType, fieldName: string) => readonly string[]

/** Reads `@permission(urn:)` of a schema. */
export function readPermissions(schema: GraphQLSchema): FieldPermissions {
  const known = new Map<string, readonly string[]>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!('getFields' in type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const target = getNamedType(field.type)
      const urns = [urnOf(field), isObjectType(target) ? urnOf(target) : null]
      const needed = [...new Set(urns.filter((urn) => urn !== null))]
      if (needed.length > 0) known.set(`${type.name}.${field.name}`, needed)
    }
  }
  return (parent, fieldName) => known.get(`${parent.name}.${fieldName}`) ?? []
}

/** All permissions that the fields of a document need. */
export function permissionsOf(document: DocumentNode, schema: GraphQLSchema, permissions: FieldPermissions): string[] {
  const needed = new Set<string>()
  const types = new TypeInfo(schema)
  visit(
    document,
    visitWithTypeInfo(types, {
      Field({ name }) {
        const parent = types.getParentType()
        for (const urn of parent ? permissions(parent, name.value) : []) needed.add(urn)
      },
    }),
  )
  return [...needed]
}

export function isDenied(principal: Principal, urn: string): boolean {
  return reachOf(principal, urn) === 'none'
}
