import { AppError, CustomerNotFoundError, IdempotencyConflictError, refuseProblems } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { checkIssueDetails } from '@redress/shared/issue-details.ts'
import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import type { Clock } from '@redress/shared/time.ts'
import { findCardInIdentifier } from '../../customers/customer-input.ts'
import type { BlindIndex } from '../../customers/ports.ts'
import { BY_TENANT, tenantOf } from '../../domain/batch.ts'
import { CustomerErasedError, TransactionMismatchError, TransactionNotFoundError } from '../../domain/errors.ts'
import { findOpened, type KnownByExternalId, type Opened, toKnown } from '../../domain/open-once.ts'
import type { CreateId } from '../../domain/ports.ts'
import type { Transaction } from '../../transactions/transaction.ts'
import { type Claim, digestOf, type InternalSpace, internalSpace, spaceOfCaller } from '../domain/claim.ts'
import { toDecisionCase } from '../domain/decision-case.ts'
import { type Issue, openIssue } from '../domain/issue.ts'
import { type IssueInput, toStoredInput } from '../domain/issue-input.ts'
import { findMismatch } from '../domain/recorded-details.ts'
import { type DueHours, findAtRisk, urgentAtOf } from '../domain/urgency.ts'
import type { ClaimedIssue, CustomerWithHistory, IssuesStore, IssuesTransaction, NewIssue } from './ports.ts'

export type CreateIssueCommand = Readonly<{
  input: IssueInput
  cause: Cause
  /** The space of the idempotency key; the caller's own if not given. */
  space?: InternalSpace
}>
/** One outcome per command, in order: the issue, or the error. */
export type OpenIssues = (commands: readonly CreateIssueCommand[]) => Promise<readonly (Opened<Issue> | AppError)[]>
export type CreateIssues = (commands: readonly CreateIssueCommand[]) => Promise<readonly (Issue | AppError)[]>

export type CreateIssue = (command: CreateIssueCommand) => Promise<Issue>

type Dependencies = Readonly<{
  store: IssuesStore
  blindIndex: Pick<BlindIndex, 'ofInput'>
  createId: CreateId
  dueHours: DueHours
  now: Clock
  onCommit: () => void
}>

/**
 * Opens issues in one transaction; each succeeds or fails on its own. A key or an external id that was used before gives its
 * issue if the input is the same. An error that is not about one command is thrown, and nothing is opened then.
 */
export function createOpenIssues({ store, blindIndex, createId, dueHours, now, onCommit }: Dependencies): OpenIssues {
  return async (commands) => {
    const checked = commands.map((command) => toChecked(command, blindIndex))
    const valid = checked.filter((one): one is Checked => !(one instanceof AppError))
    if (valid.length === 0) return checked as AppError[]

    const outcomes = await store.transact(tenantOf(commands), async (transaction) => {
      const at = now()
      const known = await readKnown(transaction, valid, at)
      const opened: NewIssue[] = []
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

/** The same, for callers who need not know which issues are new. */
export function createCreateIssues(openIssues: OpenIssues): CreateIssues {
  return async (commands) =>
    (await openIssues(commands)).map((outcome) => (outcome instanceof AppError ? outcome : outcome.entity))
}

/** Creates one issue. Calls that arrive while a transaction runs share the next one. */
export function createCreateIssue(createIssues: CreateIssues): CreateIssue {
  return coalesce<CreateIssueCommand, Issue>(createIssues, BY_TENANT)
}

/** `named` is there for an input with an external id; the digest leaves out the key, which is another one at each caller. */
type Checked = CreateIssueCommand &
  Readonly<{ claim: Claim; named: Readonly<{ externalId: string; digest: string }> | null }>

function toChecked(command: CreateIssueCommand, blindIndex: Dependencies['blindIndex']): Checked | AppError {
  try {
    refuseProblems(findCardInIdentifier(['input', 'externalId'], command.input.externalId ?? ''))
    checkIssueDetails(['input', 'details'], command.input.details)
    const input = toStoredInput(command.input)
    const space = command.space ? internalSpace(command.space) : spaceOfCaller(command.cause.actor)
    const { idempotencyKey: key, ...given } = input
    const { externalId } = given
    const named = externalId === undefined ? null : { externalId, digest: blindIndex.ofInput(given) }
    return { ...command, input, named, claim: { space, key, digest: digestOf(input) } }
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

type Known = Readonly<{
  /** By space and key. */
  claimed: Map<string, ClaimedIssue>
  named: KnownByExternalId<Issue>
  customers: ReadonlyMap<string, CustomerWithHistory>
  transactions: ReadonlyMap<string, Transaction>
}>

async function readKnown(transaction: IssuesTransaction, commands: readonly Checked[], at: Date): Promise<Known> {
  const claimed = await transaction.findClaimed(commands.map(({ claim }) => claim.key))
  const named = await transaction.findByExternalId(commands.flatMap((one) => one.named?.externalId ?? []))
  const customers = await transaction.findCustomers([...new Set(commands.map(({ input }) => input.customerId))], at)
  const transactionIds = commands.flatMap(({ input }) => input.transactionId ?? [])
  const transactions = await transaction.findTransactions([...new Set(transactionIds)])
  return {
    claimed: new Map(claimed.map((one) => [nameOf(one.claim), one])),
    named: toKnown(named),
    customers,
    transactions,
  }
}

const nameOf = ({ space, key }: Claim) => JSON.stringify([space, key])

type Open = (issue: NewIssue) => void

function openOrFind(
  command: Checked,
  known: Known,
  open: Open,
  { createId, dueHours, at }: { createId: CreateId; dueHours: DueHours; at: Date },
): Opened<Issue> | AppError {
  const { input, claim, named, cause } = command
  const before = findBefore(command, known)
  if (before !== null) return before instanceof AppError ? before : { entity: before, isNew: false }

  const customer = known.customers.get(input.customerId)
  if (!customer) return new CustomerNotFoundError(input.customerId)
  if (customer.customer.erasedAt !== null) return new CustomerErasedError(input.customerId)
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
  const atRisk = given.paymentCase?.amount.amount ?? findAtRisk(given.details, transaction)
  const urgentAt = urgentAtOf(due, atRisk, dueHours)
  const change = openIssue({ id, ...given, decisionCase, urgentAt, cause, now: at })
  known.claimed.set(nameOf(claim), { issue: change.issue, claim })
  if (named) known.named.set(named.externalId, { entity: change.issue, digest: named.digest })
  open({ ...change, claim, digest: named?.digest ?? null })
  return { entity: change.issue, isNew: true }
}

/** The issue that an earlier command has opened with the key or the external id; null without one. */
function findBefore({ claim, named }: Checked, known: Known): Issue | AppError | null {
  const before = known.claimed.get(nameOf(claim))
  if (before) return before.claim.digest === claim.digest ? before.issue : new IdempotencyConflictError(claim.key)
  return named && findOpened('issue', known.named, named)
}
