import type { CustomerFacts, DecisionCase, Money, Priority, TransactionFacts } from '@redress/shared/contracts.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import {
  checkIssueDetails,
  checkMoney,
  checkRange,
  type DetailsArgument,
  type Range,
  toIssueDetails,
} from '@redress/shared/issue-details.ts'
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

const RISK: Range = [0, 100]
const AGE_DAYS: Range = [0, 36_500]
/** Issues of a customer are counted among the latest 50. */
const RECENT: Range = [0, 50]
const MESSAGE_LENGTH_MAX = 2000
const CASE = ['input', 'case']

/** @throws BadUserInputError naming the first value that is out of range, by its path in the input. */
export function toSimulation({ issueId, case: given, digest, engine }: SimulationArgument): Simulation {
  const simulatedWith = { digest: digest ?? null, engine: engine ?? null }
  if (issueId != null && given == null) return { ...simulatedWith, subject: { issueId } }
  if (issueId == null && given != null) return { ...simulatedWith, subject: { case: toCase(given) } }
  throw new BadUserInputError(['input'], 'must have either issueId or case')
}

function toCase({ priority, details: argument, customer, transaction, customerMessage }: CaseArgument): DecisionCase {
  const details = toIssueDetails(argument)
  checkIssueDetails([...CASE, 'details'], details)
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
  const at = (name: string) => [...CASE, 'customer', name]
  const count = (name: keyof typeof recent) => {
    const value = recent[name] ?? 0
    checkRange(at(name), value, RECENT)
    return value
  }
  checkRange(at('riskScore'), riskScore, RISK)
  checkRange(at('accountAgeDays'), accountAgeDays, AGE_DAYS)
  return {
    id: SIMULATED_ID,
    riskScore,
    accountAgeDays,
    recentIssues: {
      DECLINE: count('recentDeclines'),
      MISSED_INSTALLMENT: count('recentMissedInstallments'),
      DISPUTE: count('recentDisputes'),
      REFUND_REQUEST: count('recentRefundRequests'),
    },
  }
}

function toTransaction({ amount, status, ageDays, shippingStatus }: TransactionArgument): TransactionFacts {
  const path = [...CASE, 'transaction']
  checkMoney([...path, 'amount'], amount)
  checkRange([...path, 'ageDays'], ageDays, AGE_DAYS)
  return { id: SIMULATED_ID, amount, status, ageDays, ...(shippingStatus && { shippingStatus }) }
}

/** Masked like the message of an issue, because a simulation may send it to a model. */
function toMessage(text: string): string {
  if (text.length > MESSAGE_LENGTH_MAX) {
    throw new BadUserInputError([...CASE, 'customerMessage'], `must have at most ${MESSAGE_LENGTH_MAX} characters`)
  }
  return cutText(maskPersonal(text).trim(), MESSAGE_LENGTH_MAX)
}
