import type { RequestContext } from '../subgraph/serve-subgraph.ts'
import { type Cause, tracedBy } from './envelope.ts'

/** The cause of a change that a request makes: its caller, request id, address and trace. */
export function causeOf({ principal, requestId, clientIp, trace }: RequestContext<unknown>) {
  return { actor: principal.id, requestId, ip: clientIp, ...tracedBy(trace) } satisfies Cause
}
