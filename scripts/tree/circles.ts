import { fileOf } from './areas.ts'
import type { ParsedSource } from './parse-source.ts'

/** The groups of files that reach each other by imports, each sorted by path. A type import counts like any other. */
export function findCircles(sources: readonly ParsedSource[]): readonly (readonly string[])[] {
  const importsByPath = new Map(
    sources.map(({ path, imports }) => [path, imports.flatMap((specifier) => fileOf(specifier, path) ?? [])]),
  )
  const reachable = new Map([...importsByPath.keys()].map((path) => [path, reachFrom(path, importsByPath)]))
  const circles = [...reachable].flatMap(([path, reached]) => {
    if (!reached.has(path)) return []
    const members = [...reached].filter((other) => reachable.get(other)?.has(path)).sort()
    return members[0] === path ? [members] : []
  })
  return circles
}

function reachFrom(start: string, importsByPath: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const reached = new Set<string>()
  const waiting = [...(importsByPath.get(start) ?? [])]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue
    reached.add(path)
    waiting.push(...(importsByPath.get(path) ?? []))
  }
  return reached
}
