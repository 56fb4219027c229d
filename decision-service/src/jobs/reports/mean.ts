/** Computes the mean and the greatest of numbers, as whole numbers; null is no number. */
export function createMean() {
  let [count, sum, max] = [0, 0, 0]
  return {
    add(value: number | null): void {
      if (value === null) return
      count += 1
      sum += value
      max = Math.max(max, value)
    },
    mean: () => (count === 0 ? null : Math.round(sum / count)),
    max: () => (count === 0 ? null : max),
  }
}
