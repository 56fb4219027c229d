import { ACTORS } from '@redress/shared/access/actors.ts'
import { type Cause, tracedBy } from '@redress/shared/events/envelope.ts'

/** The request that asked for work. */
export type Origin = Readonly<{ tenant: string; requestId: string | null; trace?: string }>

/** The cause of a change that a worker makes, in the tenant and the trace of what asked for it. */
export function causeOfWorker({ tenant, requestId, trace }: Origin): Cause {
  return { actor: ACTORS.worker, requestId, ip: null, tenant, ...tracedBy(trace) }
}
