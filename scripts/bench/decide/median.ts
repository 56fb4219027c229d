/** The middle of an odd count of numbers, the upper one of the two in the middle of an even count. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
