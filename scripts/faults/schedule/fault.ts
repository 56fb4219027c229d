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

/** What happens `atMs` after the load begins. */
export type Fault = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: 'kill'; target: Target }>
    /** SIGSTOP, and SIGCONT after `forMs`. */
    | Readonly<{ kind: 'stop'; target: Target; forMs: number }>
  )

export type FaultKind = Fault['kind']
export const FAULT_KINDS = ['kill', 'stop'] as const satisfies readonly FaultKind[]

export const isFaultKind = (text: string): text is FaultKind => FAULT_KINDS.some((kind) => kind === text)

/** As one word for a line of the report: `kill worker-2 @1.2s`. */
export function describeFault(fault: Fault): string {
  const { kind, atMs, ...rest } = fault
  return [kind, ...Object.values(rest).map(String), `@${(atMs / 1000).toFixed(1)}s`].join(' ')
}
