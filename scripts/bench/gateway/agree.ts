import { deepEqual } from 'node:assert/strict'
import type { ContestantName } from './contestants.ts'
import type { Load } from './load.ts'
import { type BenchOperation, OPERATIONS, type OperationName } from './operations.ts'

/** The sizes of the answers in bytes by gateway, because the same data may be written with more or fewer spaces. */
export type AnswerBytes = Readonly<Partial<Record<ContestantName, number>>>

const NUMBERS = [0, 1, 42, 999_999] as const

/** The sizes of the answers to each operation. @throws Error when a gateway answers differently from ours. */
export async function checkAgreement(loads: ReadonlyMap<ContestantName, Load>) {
  const bytes = {} as Record<OperationName, AnswerBytes>
  for (const operation of OPERATIONS) {
    for (const number of NUMBERS) bytes[operation.name] = await checkAnswers(operation, number, loads)
  }
  return bytes
}

async function checkAnswers(
  operation: BenchOperation,
  number: number,
  loads: ReadonlyMap<ContestantName, Load>,
): Promise<AnswerBytes> {
  const bytes: Partial<Record<ContestantName, number>> = {}
  const ours = await loads.get('ours')!.ask(operation, number)
  const expected = JSON.parse(ours)
  if (expected.errors !== undefined) throw new Error(`${operation.name} has errors: ${ours.slice(0, 2000)}`)
  for (const [name, load] of loads) {
    if (name === 'floor') continue
    const answer = await load.ask(operation, number)
    deepEqual(JSON.parse(answer), expected, `ours and ${name} answer ${operation.name} differently`)
    bytes[name] = Buffer.byteLength(answer)
  }
  // A constant of the same size.
  return { ...bytes, floor: Buffer.byteLength(ours) }
}
