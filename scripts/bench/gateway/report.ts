import { percentile } from '../processes.ts'
import type { ContestantName } from './contestants.ts'
import type { Round } from './load.ts'
import { OPERATION_NAMES, type OperationName } from './operations.ts'

/** Every round, by operation and contestant. */
export type Rounds = Readonly<Record<OperationName, Readonly<Record<ContestantName, readonly Round[]>>>>

/** CPU of stock divided by ours, and ours divided by that of the floor. */
export type Figures = Readonly<Record<OperationName | 'oneFieldPerFloor', number>>

export function toFigures(rounds: Rounds): Figures {
  const timesLess = (name: OperationName) => toTwoDecimals(ratioOf(rounds[name].stock, rounds[name].ours))
  return {
    oneField: timesLess('oneField'),
    entityJoin: timesLess('entityJoin'),
    list50: timesLess('list50'),
    oneFieldPerFloor: toTwoDecimals(ratioOf(rounds.oneField.ours, rounds.oneField.floor)),
  }
}

const COLUMNS = [
  'operation',
  'gateway',
  'CPU µs',
  '(lowest–highest)',
  'of stock',
  'of floor',
  'req/s',
  'p50',
  'p95',
  'p99 ms',
  'RSS MB',
]

export function toTable(rounds: Rounds): string {
  const lines = OPERATION_NAMES.flatMap((operation) =>
    Object.entries(rounds[operation]).map(([name, own]) => toLine(operation, name, own, rounds[operation])),
  )
  const table = [COLUMNS, ...lines]
  const widths = COLUMNS.map((_, at) => Math.max(...table.map((line) => line[at]!.length)))
  const toText = (line: readonly string[]) =>
    line.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')
  return `\n${table.map(toText).join('\n')}\n`
}

function toLine(operation: string, name: string, own: readonly Round[], all: Rounds[OperationName]): readonly string[] {
  const cpus = own.map(({ cpu }) => Math.round(cpu))
  const latencies = own.flatMap((round) => round.latencies).sort((a, b) => a - b)
  return [
    operation,
    name,
    cpuOf(own).toFixed(0),
    `(${Math.min(...cpus)}–${Math.max(...cpus)})`,
    ratioOf(own, all.stock).toFixed(2),
    ratioOf(own, all.floor).toFixed(1),
    median(own.map(({ perSecond }) => perSecond)).toFixed(0),
    ...[0.5, 0.95, 0.99].map((share) => percentile(latencies, share).toFixed(1)),
    String(median(own.map(({ rss }) => rss))),
  ]
}

/** Compares round by round, because two consecutive measurements ran under the same load of the machine. */
const ratioOf = (rounds: readonly Round[], others: readonly Round[]) =>
  median(rounds.map(({ cpu }, at) => cpu / others[at]!.cpu))

const cpuOf = (rounds: readonly Round[]) => median(rounds.map(({ cpu }) => cpu))

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

const toTwoDecimals = (number: number) => Number(number.toFixed(2))
