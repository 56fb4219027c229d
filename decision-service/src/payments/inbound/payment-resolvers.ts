import type { PageArguments } from '@redress/shared/connection.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { PaymentInput } from '../domain/payment-input.ts'
import { expiresAtOf, settlementAt } from '../domain/settlement.ts'
import type { StoredPayment } from '../domain/stored-payment.ts'
import type { DecidePayment } from '../use-cases/decide-payment.ts'
import type { PaymentFilter, PaymentViews } from '../use-cases/ports.ts'
import type { PaymentLoaders } from './payment-loaders.ts'

type Context = RequestContext<PaymentLoaders>
type ById = Readonly<{ id: string }>
type ListArguments = PageArguments & Readonly<{ filter?: PaymentFilter | null }>
type Dependencies = Readonly<{ decidePayment: DecidePayment; views: PaymentViews; now: Clock }>

export function createPaymentResolvers({ decidePayment, views, now }: Dependencies) {
  return {
    Query: {
      paymentDecision: (_: unknown, { id }: ById, { loaders }: Context) => loaders.payments.load(id),
      paymentDecisions: (_: unknown, { filter, ...page }: ListArguments) => views.pageOfPayments(filter ?? {}, page),
      serviceMetrics: () => views.serviceMetrics(now()),
    },
    Mutation: {
      decidePayment: async (_: unknown, { input }: { input: PaymentInput }, context: Context) => {
        const payment = await decidePayment({ input, caller: { ...causeOf(context), token: context.token } })
        const { verdict, reasons, trace, requestId } = payment
        return { payment, verdict, reasons, trace, requestId }
      },
    },
    PaymentDecision: {
      __resolveReference: ({ id }: ById, { loaders }: Context) => loaders.payments.load(id),
      expiresAt: expiresAtOf,
      settlement: (payment: StoredPayment) => settlementAt(payment, now()),
      case: ({ caseId }: StoredPayment) => caseId && { __typename: 'Issue', id: caseId },
    },
  }
}
