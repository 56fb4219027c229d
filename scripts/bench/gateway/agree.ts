import { deepEqual } from 'node:assert/strict'
import type { Load } from './load.ts'
import { type BenchOperation, OPERATIONS, type OperationName } from './operations.ts'

/** One size for each, because the same data may be written with more or fewer spaces. */
type AnswerBytes = Readonly<{ ours: number; stock: number }>
type AnswerBytesOf = Readonly<Record<OperationName, AnswerBytes>>

const NUMBERS = [0, 1, 42, 999_999] as const

/** The sizes of the answers to each operation in bytes. @throws Error when the two gateways answer differently. */
export async function checkAgreement(ours: Load, stock: Load): Promise<AnswerBytesOf> {
  const bytes = {} as Record<OperationName, AnswerBytes>
  for (const operation of OPERATIONS) {
    for (const number of NUMBERS) bytes[operation.name] = await checkAnswer(operation, number, { ours, stock })
  }
  return bytes
}

async function checkAnswer(
  operation: BenchOperation,
  number: number,
  { ours, stock }: Readonly<{ ours: Load; stock: Load }>,
): Promise<AnswerBytes> {
  const [left, right] = await Promise.all([ours.ask(operation, number), stock.ask(operation, number)])
  const answer = JSON.parse(left)
  if (answer.errors !== undefined) throw new Error(`${operation.name} has errors: ${left.slice(0, 2000)}`)
  deepEqual(answer, JSON.parse(right), `ours and stock answer ${operation.name} differently`)
  return { ours: Buffer.byteLength(left), stock: Buffer.byteLength(right) }
}
