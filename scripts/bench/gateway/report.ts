import { percentile } from '../processes.ts'
import type { Round } from './load.ts'
import { OPERATION_NAMES, type OperationName } from './operations.ts'
import type { PeerName } from './peers.ts'

/** Every round, by operation and contestant. */
export type Rounds = Readonly<Record<OperationName, RoundsOf>>

/** Those of the three that always run, and of the peers that are installed. */
type RoundsOf = Readonly<Record<'ours' | 'stock' | 'floor', readonly Round[]>> &
  Readonly<Partial<Record<PeerName, readonly Round[]>>>

/** CPU of stock divided by ours, and ours divided by that of the floor; CPU of a peer divided by ours, by operation. */
export type Figures = Readonly<Record<OperationName | 'oneFieldPerFloor', number>> &
  Readonly<{ perMercurius?: readonly number[]; perHive?: readonly number[] }>

export function toFigures(rounds: Rounds): Figures {
  const timesLess = (than: 'stock' | PeerName) => (name: OperationName) => {
    const others = rounds[name][than]
    return others === undefined ? [] : toTwoDecimals(ratioOf(others, rounds[name].ours))
  }
  const [oneField = 0, entityJoin = 0, list50 = 0] = OPERATION_NAMES.flatMap(timesLess('stock'))
  const [perMercurius, perHive] = [
    OPERATION_NAMES.flatMap(timesLess('mercurius')),
    OPERATION_NAMES.flatMap(timesLess('hive')),
  ]
  return {
    oneField,
    entityJoin,
    list50,
    oneFieldPerFloor: toTwoDecimals(ratioOf(rounds.oneField.ours, rounds.oneField.floor)),
    ...(perMercurius.length > 0 && { perMercurius }),
    ...(perHive.length > 0 && { perHive }),
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
