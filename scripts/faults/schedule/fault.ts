/** The processes of the services. */
export const SERVICES = [
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
] as const
export type ServiceProcess = (typeof SERVICES)[number]

/** The processes of the system under test; `relay-leader` stands for the instance that publishes issues' events then. */
export const TARGETS = ['devdb', 'redis', ...SERVICES, 'relay-leader'] as const
export type Target = (typeof TARGETS)[number]

/**
 * `text`: an entry of the outbox that is no event. `shape`: a document of the outbox in an unknown form. `type`: an event
 * of an unknown type. `data`: an event of a known type whose data no reader accepts.
 */
export const POISONS = ['text', 'shape', 'type', 'data'] as const
/** The services whose outbox receives poison. */
export const POISONED = ['issues', 'decisions'] as const
export type PoisonedService = (typeof POISONED)[number]
/** Begins the entity ids of poison, which no check expects to be decided. */
export const POISON_PREFIX = 'poison-'
export type Poison = (typeof POISONS)[number]

/** How the model answers, where an AI decides. */
export const MODEL_FAULTS = ['server_error', 'rate_limited', 'hang', 'reset', 'malformed'] as const
export type ModelFault = (typeof MODEL_FAULTS)[number]

/** A fault that is injected `atMs` after the load begins. */
export type Fault = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: 'kill'; target: Target }>
    /** SIGSTOP, and SIGCONT after `forMs`. */
    | Readonly<{ kind: 'stop'; target: Target; forMs: number }>
    /** The clock of one process is wrong by `shiftMs`, and right again after `forMs`. */
    | Readonly<{ kind: 'clock'; target: ServiceProcess; shiftMs: number; forMs: number }>
    /** All data of Redis is gone. */
    | Readonly<{ kind: 'redis-wiped'; forMs: number }>
    /** Redis restarts without its last commands, as after a power failure. */
    | Readonly<{ kind: 'redis-truncated'; entries: number }>
    /** Redis goes on with a copy that is `lagMs` old, as after a restore. */
    | Readonly<{ kind: 'redis-restored'; lagMs: number }>
    /** Redis is killed, and a replica that lost touch with it `lagMs` before takes over its address. */
    | Readonly<{ kind: 'redis-failover'; lagMs: number }>
    /** One event that cannot be read. */
    | Readonly<{ kind: 'poison'; poison: Poison; service: PoisonedService }>
    /** The disk of the database has no room left. */
    | Readonly<{ kind: 'disk-full'; forMs: number }>
    /** The next job that is open fails for good, as after its last attempt; a person retries its issue. */
    | Readonly<{ kind: 'job-failed' }>
    /** The model answers wrongly or not at all; nothing happens where rules decide. */
    | Readonly<{ kind: 'model'; fault: ModelFault; forMs: number }>
  )

export type FaultKind = Fault['kind']

/** Every kind of fault, and how often it is chosen in relation to the others. */
export const FAULT_WEIGHTS = {
  kill: 6,
  stop: 4,
  clock: 2,
  'redis-wiped': 1,
  'redis-truncated': 2,
  'redis-restored': 1,
  'redis-failover': 2,
  poison: 2,
  'disk-full': 1,
  'job-failed': 2,
  model: 1,
} as const satisfies Readonly<Record<FaultKind, number>>
export const FAULT_KINDS = Object.keys(FAULT_WEIGHTS) as readonly FaultKind[]

export const isFaultKind = (text: string): text is FaultKind => FAULT_KINDS.some((kind) => kind === text)

/** As one word for a line of the report: `kill worker-2 @1.2s`. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, ...rest } = fault
  return [kind, ...Object.values(rest).map(String), `@${(atMs / 1000).toFixed(1)}s`].join(' ')
}
