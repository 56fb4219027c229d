import { PROCESS_TABLE, type ProcessRow } from '../../stack/processes/process-table.ts'
import type { Clocks } from './clocks.ts'

const COUNT: Readonly<Record<string, number>> = { issues: 2, decisions: 2, worker: 3, audit: 2, gateway: 2 }
/** Further instances that have partners of their own, so that requests reach all of them. */
const PAIRED = ['issues', 'decisions', 'audit']

/** Every process twice, and three workers, each with its own clock; the second gateway calls the second subgraphs. */
export function makeTable(clocks: Clocks | null): readonly ProcessRow[] {
  const rows = [1, 2, 3].flatMap((n) =>
    PROCESS_TABLE.filter(({ name }) => n <= (COUNT[name] ?? 1)).map((row) => (n === 1 ? row : toInstance(row, n))),
  )
  if (clocks === null) return rows
  return rows.map((row) => (row.stage === 'store' ? row : { ...row, environment: clocks.environmentOf(row.name) }))
}

function toInstance(row: ProcessRow, n: number): ProcessRow {
  const addresses = Object.entries(row.addresses).map(([variable, name]) => [
    variable,
    PAIRED.includes(name) ? `${name}-${n}` : name,
  ])
  return { ...row, name: `${row.name}-${n}`, label: `${row.label} ${n}`, addresses: Object.fromEntries(addresses) }
}
