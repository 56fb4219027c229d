import type { Principal } from '../access/permissions.ts'
import { type Cause, tracedBy } from '../events/envelope.ts'

/** The caller of a request, as the gateway states it. */
export type RequestCaller = Readonly<{
  principal: Principal
  /** The internal token as it came, to call another subgraph for the same principal. Never logged or stored. */
  token: string
  requestId: string
  clientIp: string | null
}>

/** One request as resolvers see it. */
export type RequestContext<Loaders> = RequestCaller &
  Readonly<{
    /** The traceparent of this request, to be handed to calls and events that are a part of it; null without tracing. */
    trace: string | null
    /** Created for each request, so that nothing is shared between callers. */
    loaders: Loaders
  }>

/** The cause of a change that a request makes: its caller, request id, address and trace. */
export function causeOf({ principal, requestId, clientIp, trace }: RequestContext<unknown>) {
  const { id: actor, tenant } = principal
  return { actor, requestId, ip: clientIp, tenant, ...tracedBy(trace) } satisfies Cause
}
