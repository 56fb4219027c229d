import type { CustomerFacts, DecisionCase, Money, Priority, TransactionFacts } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { checkIssueDetails, type DetailsArgument, toIssueDetails } from '@redress/shared/issue-details.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'
import type { Engine } from '../../domain/decision.ts'
import { SIMULATED_ID, type Simulation } from './simulate-decision.ts'

type CustomerArgument = Readonly<{
  riskScore: number
  accountAgeDays: number
  recentDeclines?: number | null
  recentMissedInstallments?: number | null
  recentDisputes?: number | null
  recentRefundRequests?: number | null
}>
type TransactionArgument = Readonly<{
  amount: Money
  status: TransactionFacts['status']
  ageDays: number
  shippingStatus?: TransactionFacts['shippingStatus'] | null
  refunded: number
}>
type CaseArgument = Readonly<{
  priority?: Priority | null
  details: DetailsArgument
  customer: CustomerArgument
  transaction?: TransactionArgument | null
  customerMessage?: string | null
}>
/** `SimulateDecisionInput` as GraphQL gives it. */
export type SimulationArgument = Readonly<{
  issueId?: string | null
  case?: CaseArgument | null
  digest?: string | null
  engine?: Engine | null
}>

const MESSAGE_LENGTH_MAX = 2000

/** @throws BadUserInputError for both of `issueId` and `case`, or neither, and for an instalment after the last one. */
export function toSimulation({ issueId, case: given, digest, engine }: SimulationArgument): Simulation {
  const simulatedWith = { digest: digest ?? null, engine: engine ?? null }
  if (issueId != null && given == null) return { ...simulatedWith, subject: { issueId } }
  if (issueId == null && given != null) return { ...simulatedWith, subject: { case: toCase(given) } }
  throw new BadUserInputError(['input'], 'must have either issueId or case')
}

function toCase({ priority, details: argument, customer, transaction, customerMessage }: CaseArgument): DecisionCase {
  const details = toIssueDetails(argument)
  checkIssueDetails(['input', 'case', 'details'], details)
  const message = toMessage(customerMessage ?? '')
  return {
    issueId: SIMULATED_ID,
    priority: priority ?? 'NORMAL',
    details,
    customer: toCustomer(customer),
    transaction: transaction ? toTransaction(transaction) : null,
    ...(message !== '' && { message }),
  }
}

function toCustomer({ riskScore, accountAgeDays, ...recent }: CustomerArgument): CustomerFacts {
  return {
    id: SIMULATED_ID,
    riskScore,
    accountAgeDays,
    recentIssues: {
      DECLINE: recent.recentDeclines ?? 0,
      MISSED_INSTALLMENT: recent.recentMissedInstallments ?? 0,
      DISPUTE: recent.recentDisputes ?? 0,
      REFUND_REQUEST: recent.recentRefundRequests ?? 0,
    },
  }
}

function toTransaction({ shippingStatus, refunded, ...given }: TransactionArgument): TransactionFacts {
  return { id: SIMULATED_ID, ...given, ...(shippingStatus && { shippingStatus }), ...(refunded > 0 && { refunded }) }
}

/** Masked like the message of an issue, because a simulation may send it to a model. */
const toMessage = (text: string) => cutText(maskPersonal(text).trim(), MESSAGE_LENGTH_MAX)
