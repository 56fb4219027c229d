import { QueryTooDeepError, QueryTooLargeError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { Shape } from './measure-shape.ts'
import type { Preset } from './presets.ts'

const LIMITED = [
  'operations',
  'fragments',
  'directives',
  'aliases',
  'rootFields',
  'fields',
  'selections',
  'nesting',
  'introspectionDepth',
] as const satisfies readonly (keyof Shape)[]

/** @throws QueryTooLargeError, or QueryTooDeepError where only the depth is more than the preset allows. */
export function checkShape(shape: Shape, { depthMax }: Pick<Preset, 'depthMax'>): void {
  const exceeded = LIMITED.find((what) => shape[what] > LIMITS[what])
  if (exceeded) throw new QueryTooLargeError(exceeded, shape[exceeded])
  checkDepth(shape, { depthMax })
}

/** @throws QueryTooDeepError */
export function checkDepth({ depth }: Shape, { depthMax }: Pick<Preset, 'depthMax'>): void {
  if (depth > depthMax) throw new QueryTooDeepError({ depth, limit: depthMax })
}
