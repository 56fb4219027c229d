export type ViolationKind =
  | 'refused'
  | 'lost issue'
  | 'doubled issue'
  | 'not final'
  | 'failed'
  | 'broken history'
  | 'lost review'
  | 'lost decision'
  | 'doubled decision'
  | 'lost audit entry'
  | 'doubled audit entry'
  | 'audit order'
  | 'broken chain'
  | 'analytics'
  | 'lost policy'
  | 'lost dead letter'
  | 'doubled dead letter'
  | 'lost retry'
  | 'lost event'
  | 'doubled event'
  | 'event order'
  | 'foreign event'
  | 'lost job'
  | 'doubled job'
  | 'lost effect'
  | 'doubled effect'
  | 'not failed'
  | 'doubled alert'
  | 'unknown alert'
  | 'limit exceeded'
  | 'slow recovery'
  | 'slow leader'
  | 'lost tick'
  | 'doubled tick'
  | 'subscription'

/** One sentence that should be true and is not. `subject` is an id or the name of a subscriber. */
export type Violation = Readonly<{ kind: ViolationKind; subject: string; detail: string }>

/** Nothing that comes later can mend these. Others may only show that the system went on while it was read. */
const LASTING: ReadonlySet<ViolationKind> = new Set([
  'doubled issue',
  'failed',
  'broken history',
  'doubled decision',
  'doubled event',
  'event order',
  'subscription',
])

export const isLasting = ({ kind }: Violation): boolean => LASTING.has(kind)

export function violate(kind: ViolationKind, subject: string, detail: string): Violation {
  return { kind, subject, detail }
}

export const toLine = ({ kind, subject, detail }: Violation): string => `${kind}: ${subject}: ${detail}`
