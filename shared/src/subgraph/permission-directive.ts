import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql'
import { type Principal, reachOf } from '../access/permissions.ts'
import { ForbiddenError } from '../errors.ts'
import { type DirectiveHolder, textArgumentOf } from './directives.ts'

type WithPrincipal = { principal: Principal }

/**
 * Enforces every `@permission(urn:)` of the schema: a field without permission is refused with FORBIDDEN, and so is an
 * entity whose type needs one when the gateway requests it by key. Resolvers check the target `own` for each object.
 */
export function enforcePermissions(schema: GraphQLSchema): GraphQLSchema {
  for (const objectType of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(objectType.getFields())) guardField(field)
    guardReference(objectType)
  }
  return schema
}

function guardField(field: GraphQLField<unknown, WithPrincipal>): void {
  const urn = urnOf(field)
  if (urn === null) return
  const resolve = field.resolve ?? defaultFieldResolver
  field.resolve = (source, args, context, info) => {
    demand(context.principal, urn)
    return resolve(source, args, context, info)
  }
}

type ResolveReference = (reference: unknown, context: WithPrincipal, info: unknown) => unknown
/** The place where @apollo/subgraph keeps `__resolveReference` of a type. */
type SubgraphExtensions = { apollo?: { subgraph?: { resolveReference?: ResolveReference } } }

/** Rejects instead of throwing, so that one refused entity is null and its neighbours are answered. */
function guardReference(objectType: GraphQLObjectType): void {
  const urn = urnOf(objectType)
  const subgraph = (objectType.extensions as SubgraphExtensions).apollo?.subgraph
  const resolveReference = subgraph?.resolveReference
  if (urn === null || subgraph === undefined || resolveReference === undefined) return
  subgraph.resolveReference = async (reference, context, info) => {
    demand(context.principal, urn)
    return resolveReference(reference, context, info)
  }
}

function demand(principal: Principal, urn: string): void {
  if (reachOf(principal, urn) === 'none') throw new ForbiddenError(urn)
}

/** The `urn` of an element's `@permission`, or null. */
export function urnOf(element: DirectiveHolder): string | null {
  return textArgumentOf(element, 'permission', 'urn')
}
