export type Bounds = Readonly<{
  /** The wait after the first failure; it doubles with each further one. */
  firstMs: number
  maxMs: number
  /** The share of the wait that is random, 0 to 1. Default: 0.5. */
  jitter?: number
}>

/**
 * How long to wait after `failures` failures in a row (0 counts as 1). The random part of the wait keeps callers that
 * failed together from trying again together.
 * @returns milliseconds: the whole wait, less up to its random part.
 */
export function backoffMs(
  failures: number,
  { firstMs, maxMs, jitter = 0.5 }: Bounds,
  random: number = Math.random(),
): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return wholeMs * (1 - random * jitter)
}
