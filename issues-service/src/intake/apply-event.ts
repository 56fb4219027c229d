import { AppError } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { asNew } from '@redress/shared/events/envelope.ts'
import type { BlindIndex } from '../customers/ports.ts'
import { CustomerErasedError, TransactionNotFoundError } from '../domain/errors.ts'
import type { CreateId } from '../domain/ports.ts'
import type { DueHours } from '../issues/domain/urgency.ts'
import { createOpenIssues } from '../issues/use-cases/create-issues.ts'
import type { Transaction } from '../transactions/transaction.ts'
import { changeBy, detailsOf, INTAKE_RULES } from './intake-rules.ts'
import { paymentOf, type WaitingEvent } from './payment-event.ts'
import type { IntakeTransaction } from './ports.ts'

/**
 * Applies one event in a transaction: the change of the payment, the issue that it opens, and the events of both. Does
 * nothing where another process has applied it. @throws AppError where it cannot be applied (now).
 */
export type ApplyEvent = (waiting: WaitingEvent, transaction: IntakeTransaction, at: Date) => Promise<void>

type Dependencies = Readonly<{ createIssueId: CreateId; blindIndex: BlindIndex; dueHours: DueHours }>

export function createApplyEvent(dependencies: Dependencies): ApplyEvent {
  return async (waiting, transaction, at) => {
    if (!(await transaction.noteApplied(waiting, at))) return
    const { event, cause } = waiting
    const payment = await transaction.findPayment(paymentOf(waiting))
    if (payment === null) throw new TransactionNotFoundError(event.paymentExternalId)

    const change = changeBy(event, payment, { cause, now: at })
    if (change !== null) await transaction.savePayment(change)
    const issueId = await openIssue(waiting, payment, { ...dependencies, transaction, at })
    await transaction.record([appliedEvent(waiting, { payment, issueId, at })])
  }
}

type Opening = Dependencies & Readonly<{ transaction: IntakeTransaction; at: Date }>

/** Opens the issue that the rule of the event names, in the transaction of the event. Null without one. */
async function openIssue(
  { id, event, cause }: WaitingEvent,
  payment: Transaction,
  { createIssueId, blindIndex, dueHours, transaction, at }: Opening,
): Promise<string | null> {
  const { opens } = INTAKE_RULES[event.type]
  if (opens === null) return null
  const { id: transactionId, customerId } = payment
  const details = detailsOf(opens.type, event, payment, at)
  const input = { idempotencyKey: id, customerId, transactionId, priority: opens.priority, details }
  const openIssues = createOpenIssues({
    store: { transact: (tenant, work) => work(transaction.issuesIn(tenant)) },
    ...{ createId: createIssueId, blindIndex, dueHours, now: () => at, onCommit: () => {} },
  })
  const [opened] = await openIssues([{ input, cause, space: 'intake' }])
  // The payment is kept current all the same.
  if (opened instanceof CustomerErasedError) return null
  if (opened === undefined || opened instanceof AppError) throw opened
  return opened.entity.id
}

type Applied = Readonly<{ payment: Transaction; issueId: string | null; at: Date }>

function appliedEvent({ id, event: { type }, cause }: WaitingEvent, { payment, issueId, at }: Applied) {
  const { id: transactionId, customerId } = payment
  return newEvent('payment_event.applied', {
    id: `${id}-applied`,
    ...{ at, cause, entity: { type: 'PaymentEvent', id } as const },
    changes: asNew({ type, transactionId, ...(issueId !== null && { issueId }) }),
    data: { type, transactionId, customerId, issueId },
  })
}
