import type { Metric, Registry } from 'prom-client'

/*
 * Counters, histograms and gauges for the hot path. Those of prom-client build a text of all labels at each call; here
 * the labels are looked up once, counting is an addition, and the registry reads the sums at a scrape.
 */

export type Counter = Readonly<{ add: (count?: number) => void }>
export type Gauge = Readonly<{ set: (value: number) => void; add: (difference: number) => void }>
export type Histogram = Readonly<{ observe: (value: number) => void }>

type Definition = Readonly<{ name: string; help: string; labels: readonly string[] }>
type Values<T> = (...values: readonly string[]) => T
type Row = Readonly<{ labels: Readonly<Record<string, string | number>>; value: number; metricName?: string }>

/** Returns a function that creates the counter of one set of label values. Keep the counter: each call creates one. */
export function createCounters(registry: Registry, definition: Definition): Values<Counter> {
  const rows: (() => readonly Row[])[] = []
  register(registry, 'counter', definition, rows)

  return (...values) => {
    const labels = toLabels(definition, values)
    let total = 0
    rows.push(() => [{ labels, value: total }])
    return {
      add(count = 1) {
        total += count
      },
    }
  }
}

/** Returns a function that gives the gauge of one set of label values, always the same one; `clear` removes all. */
export function createGauges(
  registry: Registry,
  definition: Definition,
): Values<Gauge> & Readonly<{ clear: () => void }> {
  const rows: (() => readonly Row[])[] = []
  register(registry, 'gauge', definition, rows)
  const known = new Map<string, Gauge>()

  const create = (values: readonly string[]): Gauge => {
    const labels = toLabels(definition, values)
    let current = 0
    rows.push(() => [{ labels, value: current }])
    return {
      set(value) {
        current = value
      },
      add(difference) {
        current += difference
      },
    }
  }
  const of: Values<Gauge> = (...values) => {
    const key = values.length === 1 ? values[0]! : values.join('\u0000')
    const own = known.get(key) ?? create(values)
    known.set(key, own)
    return own
  }
  const clear = () => {
    rows.length = 0
    known.clear()
  }
  return Object.assign(of, { clear })
}

/** Returns a function that creates the histogram of one set of label values. Keep it: each call creates one. */
export function createHistograms(
  registry: Registry,
  { buckets, ...definition }: Definition & Readonly<{ buckets: readonly number[] }>,
): Values<Histogram> {
  const { name } = definition
  const rows: (() => readonly Row[])[] = []
  register(registry, 'histogram', definition, rows)

  return (...values) => {
    const labels = toLabels(definition, values)
    const counts = new Float64Array(buckets.length + 1)
    let sum = 0
    rows.push(() => {
      let count = 0
      const upTo = [...buckets, '+Inf'].map((le, index) => {
        count += counts[index]!
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count }
      })
      return [
        ...upTo,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: count },
      ]
    })
    return {
      observe(value) {
        let index = 0
        while (index < buckets.length && value > buckets[index]!) index++
        counts[index]!++
        sum += value
      },
    }
  }
}

/** Creates one value for each name and keeps it. Unbounded, so only for names that we choose. */
export function perName<T>(create: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    const own = known.get(name)
    if (own !== undefined) return own
    const created = create(name)
    known.set(name, created)
    return created
  }
}

function register(
  registry: Registry,
  type: 'counter' | 'histogram' | 'gauge',
  { name, help }: Definition,
  rows: readonly (() => readonly Row[])[],
): void {
  const get = async () => ({ name, help, type, aggregator: 'sum', values: rows.flatMap((row) => row()) })
  // The registry uses nothing of a metric but its name and `get`.
  registry.registerMetric({ name, get } as unknown as Metric)
}

function toLabels({ labels }: Definition, values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']))
}
