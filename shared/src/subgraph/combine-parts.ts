import type { RequestCaller } from './request-context.ts'
import type { Routes } from './routes.ts'

type Resolvers = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The resolvers that one subject adds to the subgraph. */
export type ResolverPart<Loaders extends object> = Readonly<{
  resolvers: Resolvers
  createLoaders?: (caller: RequestCaller) => Loaders
  routes?: Routes
}>

/** One subgraph out of the parts of several subjects: a type may be served by more than one, a field by one only. */
export function combineParts(...parts: readonly ResolverPart<object>[]) {
  const combined: Record<string, Record<string, unknown>> = {}
  for (const { resolvers } of parts) {
    for (const [type, fields] of Object.entries(resolvers)) combined[type] = { ...combined[type], ...fields }
  }
  return {
    resolvers: combined as Record<string, Record<string, never>>,
    routes: Object.assign({}, ...parts.map(({ routes }) => routes)) as Routes,
    createLoaders: (caller: RequestCaller): object =>
      Object.assign({}, ...parts.map((part) => part.createLoaders?.(caller))),
  }
}
