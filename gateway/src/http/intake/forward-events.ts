import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import type { Principal } from '@redress/shared/access/permissions.ts'
import { BadUserInputError, StoreUnavailableError } from '@redress/shared/errors.ts'
import { type } from 'arktype'

const INGEST = `mutation IngestPaymentEvents($events: [PaymentEventInput!]!) {
  ingestPaymentEvents(events: $events) {
    accepted duplicates refused results { index outcome error { code message path } }
  }
}`

const Result = type({
  index: 'number',
  outcome: "'ACCEPTED' | 'DUPLICATE' | 'REFUSED'",
  error: type({ code: 'string', message: 'string', path: type('string[]').or('null') }).or('null'),
})
const Intake = type({ accepted: 'number', duplicates: 'number', refused: 'number', results: Result.array() })
export type Intake = typeof Intake.infer

const Answer = type({ 'data?': type({ ingestPaymentEvents: Intake.or('null') }).or('null'), 'errors?': 'unknown' })
const Errors = type({ message: 'string', extensions: { code: 'string' } })
  .array()
  .atLeastLength(1)

export type Sender = Readonly<{ principal: Principal; requestId: string; clientIp: string }>

/**
 * Has events stored on behalf of a sender. @throws BadUserInputError where they are no events, StoreUnavailableError where
 * it is not certain that they are stored.
 */
export type ForwardEvents = (events: unknown, sender: Sender) => Promise<Intake>

type Options = Readonly<{
  /** The base URL of the issues service. */
  serviceUrl: string
  signToken: SignInternalToken
  timeoutMs: number
}>

/**
 * Forwards events to the issues service by its own mutation. Not through the operations of callers, which may be restricted
 * to documents that this one is not among.
 */
export function createForwardEvents({ serviceUrl, signToken, timeoutMs }: Options): ForwardEvents {
  const url = `${serviceUrl.replace(/\/+$/, '')}/graphql`
  return async (events, { principal, requestId, clientIp }) => {
    const authorization = `Bearer ${await signToken(principal)}`
    const headers = { authorization, 'content-type': 'application/json', 'x-client-ip': clientIp }
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'x-request-id': requestId },
      body: JSON.stringify({ query: INGEST, variables: { events } }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
      .then((response) => response.json())
      .catch((cause: unknown) => {
        throw new StoreUnavailableError({ cause })
      })
    return readIntake(answer)
  }
}

/** @throws BadUserInputError, StoreUnavailableError */
function readIntake(given: unknown): Intake {
  const answer = Answer(given)
  if (answer instanceof type.errors) throw new StoreUnavailableError({ cause: answer })
  if (answer.data?.ingestPaymentEvents) return answer.data.ingestPaymentEvents
  const errors = Errors(answer.errors)
  if (errors instanceof type.errors) throw new StoreUnavailableError({ cause: errors })
  const { message, extensions } = errors[0]!
  if (extensions.code !== 'BAD_USER_INPUT') throw new StoreUnavailableError({ cause: new Error(message) })
  throw new BadUserInputError(['events'], `cannot be read: ${message.replace(/\.$/, '')}`)
}
