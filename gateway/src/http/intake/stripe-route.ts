import type { Principal } from '@redress/shared/access/permissions.ts'
import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { BadUserInputError, UnauthenticatedError } from '@redress/shared/errors.ts'
import { headerOf, readBody } from '@redress/shared/process/http.ts'
import { createCounters, perName } from '@redress/shared/telemetry/tallies.ts'
import { type } from 'arktype'
import type { Registry } from 'prom-client'
import Stripe from 'stripe'
import { type Exchange, sendJson } from '../exchange.ts'
import type { ForwardEvents } from './forward-events.ts'
import { BODY_BYTES_MAX } from './ingest-route.ts'
import { toPaymentEvent } from './stripe-events.ts'
import { TOLERANCE_MS } from './verify-signature.ts'

/** The fields that all events have. Those of their objects are checked as fields of the payment event that they become. */
const Envelope = type({
  id: 'string',
  type: 'string',
  created: '0 <= number <= 253402300799',
  data: { object: 'object' },
})

/** Stripe shows no credentials but its signature. */
const STRIPE: Principal = { id: 'webhook:stripe', roles: ['ingest'], customerId: null, tenant: DEFAULT_TENANT }

type Options = Readonly<{ forwardEvents: ForwardEvents; secret: string; registry: Registry }>

/**
 * Takes the webhooks of Stripe. Answers with 200 only once an event is stored, or means nothing here: Stripe repeats all
 * others for days.
 */
export function createStripeRoute({ forwardEvents, secret, registry }: Options) {
  const countOf = perName(
    createCounters(registry, {
      name: 'stripe_events_total',
      help: 'Events of Stripe with a valid signature: accepted, duplicate, refused, or ignored by their type',
      labels: ['outcome'],
    }),
  )
  const answer = (exchange: Exchange, outcome: string) => {
    countOf(outcome.toLowerCase()).add()
    sendJson(exchange, 200, JSON.stringify({ outcome }), 'application/json; charset=utf-8')
  }
  return async (exchange: Exchange): Promise<void> => {
    const { request, observed, requestId, clientIp } = exchange
    const event = readStripeEvent(
      await readBody(request, BODY_BYTES_MAX),
      headerOf(request, 'stripe-signature'),
      secret,
    )
    observed.actor = STRIPE.id
    const paymentEvent = toPaymentEvent(event)
    if (paymentEvent === null) return answer(exchange, 'IGNORED')
    const { results } = await forwardEvents([paymentEvent], { principal: STRIPE, requestId, clientIp })
    const { outcome, error } = results[0]!
    if (outcome !== 'REFUSED') return answer(exchange, outcome)
    countOf('refused').add()
    throw new BadUserInputError(error?.path ?? ['id'], `is refused (${error?.code}): ${error?.message}`)
  }
}

/** @throws UnauthenticatedError where it is not signed with the secret, or not lately; BadUserInputError where it is no event. */
function readStripeEvent(body: Buffer, signature: string | null, secret: string): Stripe.Event {
  const event = openEnvelope(body, signature, secret)
  const problems = Envelope(event)
  if (problems instanceof type.errors) throw new BadUserInputError(['body'], `is not an event: ${problems.summary}`)
  return event
}

function openEnvelope(body: Buffer, signature: string | null, secret: string): Stripe.Event {
  try {
    return Stripe.webhooks.constructEvent(body, signature ?? '', secret, TOLERANCE_MS / 1_000)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new BadUserInputError(['body'], 'is not JSON')
    throw new UnauthenticatedError('The signature of the webhook (Stripe-Signature) is not valid.', { cause })
  }
}
