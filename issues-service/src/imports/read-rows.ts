import { randomUUID } from 'node:crypto'
import { type AppError, BadUserInputError, CustomerNotFoundError, toInputError } from '@redress/shared/errors.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText, toPlainText } from '@redress/shared/plain-text.ts'
import type { InputReader } from '@redress/shared/subgraph/read-input.ts'
import { findTextProblem } from '@redress/shared/subgraph/text-problem.ts'
import { toCustomerInput } from '../customers/customer-resolvers.ts'
import { TransactionNotFoundError } from '../domain/errors.ts'
import { toIssueInput } from '../issues/inbound/issue-arguments.ts'
import { toTransactionInput } from '../transactions/transaction-resolvers.ts'
import type { ImportKind } from './import.ts'
import type { Row } from './import-rows.ts'
import type { InputOf } from './ports.ts'

/** A row as it is sent: its value, or why the sender could not read it. */
export type SentRow = Readonly<{ line: number; value?: unknown; problem?: string | null }>

/** Finds the ids of those external ids that are known. */
export type FindIds = (externalIds: readonly string[]) => Promise<ReadonlyMap<string, string>>

type Fields = Readonly<Record<string, unknown>>

/** The input that rows of a kind are read as: the argument of the mutation that creates one. */
export const INPUT_TYPES = {
  CUSTOMERS: 'CreateCustomerInput',
  PAYMENTS: 'CreateTransactionInput',
  ISSUES: 'CreateIssueInput',
} as const satisfies Record<ImportKind, string>

const TO_INPUT: { readonly [K in ImportKind]: (argument: never) => InputOf[K] } = {
  CUSTOMERS: toCustomerInput,
  PAYMENTS: toTransactionInput,
  ISSUES: toIssueInput,
}

type Options<K extends ImportKind> = Readonly<{
  kind: K
  format: 'JSON' | 'CSV'
  reader: InputReader
  findCustomerIds: FindIds
  findTransactionIds: FindIds
}>

/** Reads rows like the arguments of the mutation of their kind; each is readable or refused on its own. */
export async function readRows<K extends ImportKind>(
  sent: readonly SentRow[],
  { kind, format, reader, findCustomerIds, findTransactionIds }: Options<K>,
): Promise<readonly Row<K>[]> {
  const opened = sent.map((row) => openRow(row, format, reader))
  const named = kind === 'CUSTOMERS' ? opened : await nameBy(opened, OF_CUSTOMER, findCustomerIds)
  const rows = kind === 'ISSUES' ? (await nameBy(named, OF_TRANSACTION, findTransactionIds)).map(withKey) : named
  return rows.map((row, index) => ({ line: sent[index]!.line, given: isError(row) ? row : toInput(kind, row, reader) }))
}

const isError = (row: Fields | AppError): row is AppError => row instanceof Error

const PROBLEM_LENGTH_MAX = 200

function openRow({ value, problem }: SentRow, format: 'JSON' | 'CSV', reader: InputReader): Fields | AppError {
  if (problem != null) return new BadUserInputError([], cutText(maskPersonal(toPlainText(problem)), PROBLEM_LENGTH_MAX))
  if (!isFields(value)) return new BadUserInputError([], 'must be an object')
  return format === 'CSV' ? (reader.ofCells(value) as Fields) : value
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Error)

const OF_CUSTOMER = { id: 'customerId', externalId: 'customerExternalId', NotFound: CustomerNotFoundError }
const OF_TRANSACTION = { id: 'transactionId', externalId: 'transactionExternalId', NotFound: TransactionNotFoundError }
type Reference = Readonly<{ id: string; externalId: string; NotFound: new (id: string) => AppError }>

/** Puts the id of something else where a row names it by its external id. */
async function nameBy(
  rows: readonly (Fields | AppError)[],
  { id, externalId: field, NotFound }: Reference,
  find: FindIds,
) {
  const checked = rows.map((row) => {
    if (isError(row) || row[field] == null) return row
    const problem = row[id] == null ? findNameProblem(row[field]) : `and ${id} must not both be given`
    return problem === null ? row : new BadUserInputError([field], problem)
  })
  const names = checked.flatMap((row) => (isError(row) || row[field] == null ? [] : String(row[field])))
  const ids = names.length === 0 ? new Map<string, string>() : await find([...new Set(names)])
  return checked.map((row) => {
    if (isError(row)) return row
    const { [field]: name, ...rest } = row
    if (name == null) return rest
    return ids.has(String(name)) ? { ...rest, [id]: ids.get(String(name)) } : new NotFound(String(name))
  })
}

const NAME_LENGTH_MAX = 200

function findNameProblem(name: unknown): string | null {
  if (typeof name !== 'string') return 'must be text'
  return name.length > NAME_LENGTH_MAX ? `must have 1 to ${NAME_LENGTH_MAX} characters` : findTextProblem(name)
}

/** The external id makes an issue of a file idempotent, so that the file need not make up a key. */
function withKey(row: Fields | AppError): Fields | AppError {
  if (isError(row)) return row
  if (row.idempotencyKey != null) return new BadUserInputError(['idempotencyKey'], 'must not be given in an import')
  if (row.externalId == null) return new BadUserInputError(['externalId'], 'must be given')
  return { ...row, idempotencyKey: randomUUID() }
}

function toInput<K extends ImportKind>(kind: K, row: Fields, reader: InputReader): InputOf[K] | AppError {
  const { value, problems } = reader.read(row)
  const error = toInputError(problems)
  const toInputOfKind: (argument: never) => InputOf[K] = TO_INPUT[kind]
  return error ?? toInputOfKind(value as never)
}
