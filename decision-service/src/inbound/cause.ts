import { type Cause, tracedBy } from '@redress/shared/events/envelope.ts'
import type { RequestContext } from '@redress/shared/subgraph.ts'

/** Who asked, by which request, from where. */
export function causeOf({ principal, requestId, clientIp, trace }: RequestContext<unknown>) {
  return { actor: principal.id, requestId, ip: clientIp, ...tracedBy(trace) } satisfies Cause
}
