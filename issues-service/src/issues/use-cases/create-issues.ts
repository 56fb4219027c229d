import { AppError, CustomerNotFoundError, IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { checkIssueDetails } from '@redress/shared/issue-details.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Clock } from '@redress/shared/time.ts'
import { TransactionMismatchError, TransactionNotFoundError } from '../../domain/errors.ts'
import type { CreateId } from '../../domain/ports.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import { type Claim, digestOf, type InternalSpace, internalSpace, spaceOfCaller } from '../domain/claim.ts'
import { toDecisionCase } from '../domain/decision-case.ts'
import { type Change, type Issue, openIssue } from '../domain/issue.ts'
import { type IssueInput, toStoredInput } from '../domain/issue-input.ts'
import { findMismatch } from '../domain/recorded-details.ts'
import { type DueHours, findAtRisk, urgentAtOf } from '../domain/urgency.ts'
import type { ClaimedIssue, CustomerWithHistory, IssuesStore, IssuesTransaction } from './ports.ts'

export type CreateIssueCommand = Readonly<{
  input: IssueInput
  cause: Cause
  /** The space of the idempotency key; the caller's own if not given. */
  space?: InternalSpace
}>
/** One outcome per command, in order: the issue, or the error. */
export type CreateIssues = (commands: readonly CreateIssueCommand[]) => Promise<readonly (Issue | AppError)[]>

export type CreateIssue = (command: CreateIssueCommand) => Promise<Issue>

type Dependencies = Readonly<{
  store: IssuesStore
  createId: CreateId
  dueHours: DueHours
  now: Clock
  onCommit: () => void
}>

/**
 * Creates issues in one transaction; each succeeds or fails on its own. A key that was used before returns its issue if
 * the input is the same. An error that is not about one command is thrown, and nothing is created then.
 */
export function createCreateIssues({ store, createId, dueHours, now, onCommit }: Dependencies): CreateIssues {
  return async (commands) => {
    const checked = commands.map(toChecked)
    const valid = checked.filter((one): one is Checked => !(one instanceof AppError))
    if (valid.length === 0) return checked as AppError[]

    const outcomes = await store.transact(async (transaction) => {
      const at = now()
      const known = await readKnown(transaction, valid, at)
      const opened: (Change & { claim: Claim })[] = []
      const results = checked.map((one) => {
        if (one instanceof AppError) return one
        return openOrFind(one, known, (change) => opened.push(change), { createId, dueHours, at })
      })
      if (opened.length > 0) await transaction.insert(opened)
      return results
    })
    onCommit()
    return outcomes
  }
}

/** Creates one issue. Calls that arrive while a transaction runs share the next one. */
export function createCreateIssue(createIssues: CreateIssues): CreateIssue {
  return coalesce<CreateIssueCommand, Issue>(createIssues)
}

type Checked = CreateIssueCommand & Readonly<{ claim: Claim }>

function toChecked(command: CreateIssueCommand): Checked | AppError {
  try {
    checkIssueDetails(['input', 'details'], command.input.details)
    const input = toStoredInput(command.input)
    const space = command.space ? internalSpace(command.space) : spaceOfCaller(command.cause.actor)
    return { ...command, input, claim: { space, key: input.idempotencyKey, digest: digestOf(input) } }
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

type Known = Readonly<{
  /** By space and key. */
  claimed: Map<string, ClaimedIssue>
  customers: ReadonlyMap<string, CustomerWithHistory>
  transactions: ReadonlyMap<string, Transaction>
}>

async function readKnown(transaction: IssuesTransaction, commands: readonly Checked[], at: Date): Promise<Known> {
  const claimed = await transaction.findClaimed(commands.map(({ claim }) => claim.key))
  const customers = await transaction.findCustomers([...new Set(commands.map(({ input }) => input.customerId))], at)
  const transactionIds = commands.flatMap(({ input }) => input.transactionId ?? [])
  const transactions = await transaction.findTransactions([...new Set(transactionIds)])
  return { claimed: new Map(claimed.map((one) => [nameOf(one.claim), one])), customers, transactions }
}

const nameOf = ({ space, key }: Claim) => JSON.stringify([space, key])

type Open = (change: Change & { claim: Claim }) => void

function openOrFind(
  command: Checked,
  known: Known,
  open: Open,
  { createId, dueHours, at }: { createId: CreateId; dueHours: DueHours; at: Date },
): Issue | AppError {
  const { input, claim, cause } = command
  const before = known.claimed.get(nameOf(claim))
  if (before) return before.claim.digest === claim.digest ? before.issue : new IdempotencyConflictError(claim.key)

  const customer = known.customers.get(input.customerId)
  if (!customer) return new CustomerNotFoundError(input.customerId)
  const transaction = input.transactionId === null ? null : known.transactions.get(input.transactionId)
  if (transaction === undefined) return new TransactionNotFoundError(input.transactionId!)
  if (transaction !== null && transaction.customerId !== input.customerId) {
    return new TransactionMismatchError(transaction.id, input.customerId)
  }
  const mismatch = transaction && findMismatch(input.details, transaction)
  if (mismatch) return mismatch

  const { idempotencyKey: _, ...given } = input
  const id = createId()
  const decisionCase = toDecisionCase({ issueId: id, ...given, ...customer, transaction, now: at })
  const due = { priority: given.priority, createdAt: at }
  const urgentAt = urgentAtOf(due, findAtRisk(given.details, transaction), dueHours)
  const change = openIssue({ id, ...given, decisionCase, urgentAt, cause, now: at })
  known.claimed.set(nameOf(claim), { issue: change.issue, claim })
  open({ ...change, claim })
  return change.issue
}
