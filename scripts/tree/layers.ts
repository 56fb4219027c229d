import { fileOf, isTest, type Target, targetOf } from './areas.ts'
import type { ParsedSource } from './parse-source.ts'

type Layer = 'domain' | 'use-cases' | 'inbound' | 'outbound'

/** A layer folder inside the folder of a subject; layers directly under `src` are areas of their own. */
const LAYER_OF_SUBJECT = /^[\w-]+\/src\/[\w-]+\/(?:[\w-]+\/)*(domain|use-cases|inbound|outbound)\//

/** The layers that a layer of any subject may import, and what it may import from outside; `null` for anything. */
const MAY_IMPORT: Readonly<Record<Layer, Readonly<{ layers: readonly Layer[]; outside: readonly Target[] | null }>>> = {
  domain: { layers: ['domain'], outside: ['shared/pure', 'node:crypto'] },
  'use-cases': { layers: ['domain', 'use-cases'], outside: ['shared/pure'] },
  inbound: { layers: ['domain', 'use-cases', 'inbound'], outside: null },
  outbound: { layers: ['domain', 'use-cases', 'outbound'], outside: null },
}

/** One line for every import inside a subject that goes against its layers. Whole subjects are a matter of the areas. */
export function findLayerBreaches(files: readonly ParsedSource[]): readonly string[] {
  return files.flatMap(({ path, imports }) => {
    const layer = isTest(path) ? null : layerOf(path)
    if (layer === null) return []
    return imports
      .filter((specifier) => !isAllowed(layer, specifier, path))
      .map((specifier) => `${path}: imports ${specifier}; ${layer} of a subject may not`)
  })
}

function isAllowed(layer: Layer, specifier: string, path: string): boolean {
  const { layers, outside } = MAY_IMPORT[layer]
  if (specifier.startsWith('.')) {
    const target = layerOf(fileOf(specifier, path) ?? '')
    return target === null || layers.includes(target)
  }
  const target = targetOf(specifier, path)?.target
  return outside === null || (target !== undefined && outside.includes(target))
}

const layerOf = (path: string): Layer | null => (LAYER_OF_SUBJECT.exec(path)?.[1] as Layer | undefined) ?? null
