import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import type { Registry } from 'prom-client'
import type { toIntakeConfig } from '../../access/intake-config.ts'
import type { Access } from '../../access/open-access.ts'
import type { Route } from '../serve-gateway.ts'
import { createForwardEvents } from './forward-events.ts'
import { createIngestRoute } from './ingest-route.ts'

type Options = ReturnType<typeof toIntakeConfig> &
  Readonly<{
    /** The base URL of the issues service. Without it, and a way to sign for it, there are no routes. */
    serviceUrl: string | undefined
    signToken: SignInternalToken | null
    timeoutMs: number
    access: Pick<Access, 'authenticate' | 'limiter' | 'noteRefusal'>
    registry: Registry
  }>

/** The routes by which events of payments come in, by their paths: those whose secret is configured. */
export async function openIntake(options: Options): Promise<Readonly<Record<string, Route>>> {
  const { ingestSecret, stripeSecret, serviceUrl, signToken, timeoutMs, access, registry } = options
  if (serviceUrl === undefined || signToken === null) return {}
  const forwardEvents = createForwardEvents({ serviceUrl, signToken, timeoutMs })
  const now = () => new Date()
  return {
    ...(ingestSecret !== null && {
      '/ingest': createIngestRoute({ forwardEvents, ...access, secret: ingestSecret, now }),
    }),
    ...(stripeSecret !== null && {
      '/webhooks/stripe': await openStripeRoute({ forwardEvents, secret: stripeSecret, registry }),
    }),
  }
}

type StripeModule = typeof import('./stripe-route.ts')

/** Loaded only where it is used: the SDK takes a tenth of a second. */
async function openStripeRoute(options: Parameters<StripeModule['createStripeRoute']>[0]): Promise<Route> {
  const { createStripeRoute } = await import('./stripe-route.ts')
  return createStripeRoute(options)
}
