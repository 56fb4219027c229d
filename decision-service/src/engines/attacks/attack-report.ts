import type { Attempt } from './run-attacks.ts'

/** How attacks of one technique, or of all, went. */
type AttackRow = Readonly<{
  technique: string
  texts: number
  attempts: number
  /** Attempts where there was anything to gain. */
  gainable: number
  before: number
  after: number
  failed: number
}>

export type AttackReport = Readonly<{
  total: AttackRow
  techniques: readonly AttackRow[]
  /** Texts that passed the guard, or broke out of their fence. */
  breaches: readonly string[]
  costUsd: number
}>

export function toAttackReport(attempts: readonly Attempt[]): AttackReport {
  const byTechnique = Map.groupBy(attempts, ({ attack }) => attack.technique)
  return {
    total: toRow('all', attempts),
    techniques: [...byTechnique].map(([technique, some]) => toRow(technique, some)),
    breaches: attempts.flatMap(toBreaches),
    costUsd: attempts.reduce((sum, { costUsd }) => sum + costUsd, 0),
  }
}

function toRow(technique: string, attempts: readonly Attempt[]): AttackRow {
  const count = (holds: (attempt: Attempt) => boolean) => attempts.filter(holds).length
  return {
    technique,
    texts: new Set(attempts.map(({ attack }) => attack.id)).size,
    attempts: attempts.length,
    gainable: count(({ hasGain }) => hasGain),
    before: count(({ succeededBefore }) => succeededBefore),
    after: count(({ succeededAfter }) => succeededAfter),
    failed: count(({ failed }) => failed),
  }
}

function toBreaches({ attack, target, succeededAfter, leaks }: Attempt): readonly string[] {
  const where = `${attack.id} on ${target.skill.name} ${target.decisionCase.issueId}`
  const bought = succeededAfter ? [`${where}: gave more than the facts alone, past the guard`] : []
  return [...bought, ...leaks.map((problem) => `${where}: ${problem}`)]
}

/** A table for people: of the attempts with anything to gain, how many succeeded. */
export function toAttackTable({ total, techniques }: AttackReport): string {
  const rows = [...techniques, total].map((row) => [
    row.technique,
    String(row.texts),
    String(row.attempts),
    `${row.before}/${row.gainable} ${toShare(row.before, row.gainable)}`,
    `${row.after}/${row.gainable} ${toShare(row.after, row.gainable)}`,
  ])
  const lines = [['technique', 'texts', 'attempts', 'before the guard', 'after the guard'], ...rows]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
    .join('\n')
}

const toShare = (part: number, whole: number) => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)}%`)
