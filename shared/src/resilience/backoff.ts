type Bounds = Readonly<{
  /** The wait after the first failure; it doubles with each further one. */
  firstMs: number
  maxMs: number
}>

/**
 * How long to wait after `failures` failures in a row (0 counts as 1). A random half of the wait keeps callers that failed
 * together from trying again together.
 * @returns milliseconds: between half of the wait and the whole.
 */
export function backoffMs(failures: number, { firstMs, maxMs }: Bounds, random: number = Math.random()): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return wholeMs * (1 - random / 2)
}
