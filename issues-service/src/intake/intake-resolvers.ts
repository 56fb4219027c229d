import { AppError, toInputError } from '@redress/shared/errors.ts'
import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import { toRowError } from '../views/row-error.ts'
import type { Acceptance, AcceptEvents } from './accept-events.ts'
import type { CountEvents } from './intake-metrics.ts'
import type { PaymentEvent } from './payment-event.ts'

type Optional = 'amount' | 'declineCode' | 'autoRetryCount' | 'installmentNumber' | 'disputeReason'
type EventArgument = Omit<PaymentEvent, 'eventId' | Optional> &
  Readonly<{ id: string }> &
  Partial<Pick<PaymentEvent, Optional>>

type Dependencies = Readonly<{ acceptEvents: AcceptEvents; count: CountEvents }>

/** The resolver of payment events. */
export function createIntakeResolvers({ acceptEvents, count }: Dependencies) {
  return {
    Mutation: {
      async ingestPaymentEvents(
        _: unknown,
        { events }: Readonly<{ events: readonly EventArgument[] }>,
        context: RequestContext<unknown>,
        info: FieldInfo,
      ) {
        const refusals = findRowProblems(info, 'events', events).map(toInputError)
        const fine = events.filter((_event, index) => refusals[index] === null)
        const outcomes = await acceptEvents(fine.map(toPaymentEvent), causeOf(context))
        let next = 0
        const payload = toPayload(refusals.map((refusal) => refusal ?? outcomes[next++]!))
        count('accepted', payload.accepted)
        count('duplicate', payload.duplicates)
        count('refused', payload.refused)
        return payload
      },
    },
  }
}

function toPaymentEvent({ id: eventId, ...given }: EventArgument): PaymentEvent {
  const { amount, declineCode, autoRetryCount, installmentNumber, disputeReason, ...rest } = given
  return {
    ...{ eventId, ...rest, amount: amount ?? null, declineCode: declineCode ?? null },
    autoRetryCount: autoRetryCount ?? null,
    installmentNumber: installmentNumber ?? null,
    disputeReason: disputeReason ?? null,
  }
}

function toPayload(outcomes: readonly (Acceptance | AppError)[]) {
  const results = outcomes.map((outcome, index) =>
    outcome instanceof AppError
      ? { index, outcome: 'REFUSED', error: toRowError(outcome, ['events', String(index)]) }
      : { index, outcome, error: null },
  )
  const numberOf = (wanted: string) => results.filter(({ outcome }) => outcome === wanted).length
  return {
    results,
    accepted: numberOf('ACCEPTED'),
    duplicates: numberOf('DUPLICATE'),
    refused: numberOf('REFUSED'),
  }
}
