/** The processes of the system under test; `relay-leader` stands for the instance that publishes issues' events then. */
export const TARGETS = [
  'devdb',
  'redis',
  'issues',
  'issues-2',
  'decisions',
  'decisions-2',
  'worker',
  'worker-2',
  'worker-3',
  'audit',
  'audit-2',
  'gateway',
  'gateway-2',
  'relay-leader',
] as const
export type Target = (typeof TARGETS)[number]

/**
 * `text`: an entry of the outbox that is no event. `type`: an event of an unknown type. `risk-score`: an issue whose
 * event says what no reader accepts, and which therefore stays open.
 */
export const POISONS = ['text', 'type', 'risk-score'] as const
/** Begins the entity ids of poison, which no check expects to be decided. */
export const POISON_PREFIX = 'poison-'
export type Poison = (typeof POISONS)[number]

/** A fault that is injected `atMs` after the load begins. */
export type Fault = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: 'kill'; target: Target }>
    /** SIGSTOP, and SIGCONT after `forMs`. */
    | Readonly<{ kind: 'stop'; target: Target; forMs: number }>
    /** All data of Redis is gone. */
    | Readonly<{ kind: 'redis-wiped'; forMs: number }>
    /** Redis restarts without its last commands, as after a power failure. */
    | Readonly<{ kind: 'redis-truncated'; entries: number }>
    /** Redis goes on with a copy that is `lagMs` old: a failover where that is short, a restore where it is long. */
    | Readonly<{ kind: 'redis-restored'; lagMs: number }>
    /** One event that cannot be read. */
    | Readonly<{ kind: 'poison'; poison: Poison }>
    /** The disk of the database has no room left. */
    | Readonly<{ kind: 'disk-full'; forMs: number }>
  )

export type FaultKind = Fault['kind']
export const FAULT_KINDS = [
  'kill',
  'stop',
  'redis-wiped',
  'redis-truncated',
  'redis-restored',
  'poison',
  'disk-full',
] as const satisfies readonly FaultKind[]

export const isFaultKind = (text: string): text is FaultKind => FAULT_KINDS.some((kind) => kind === text)

/** As one word for a line of the report: `kill worker-2 @1.2s`. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, ...rest } = fault
  return [kind, ...Object.values(rest).map(String), `@${(atMs / 1000).toFixed(1)}s`].join(' ')
}
