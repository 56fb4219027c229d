import type { Random } from '../../random.ts'

export type ChaosFault = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: 'kill'; target: string }>
    | Readonly<{ kind: 'redis-restarted' | 'redis-flushed' }>
    /** The last commands of the append-only file are lost. */
    | Readonly<{ kind: 'redis-cut'; commands: number }>
  )

type Options = Readonly<{ random: Random; overMs: number; killEveryMs: number; targets: readonly string[] }>

/** A kill of a random process at regular intervals; Redis is restarted twice, emptied once, and cut once. */
export function planFaults({ random, overMs, killEveryMs, targets }: Options): readonly ChaosFault[] {
  const kills = Array.from({ length: Math.floor(overMs / killEveryMs) }, (_, index) => ({
    ...{ kind: 'kill' as const, atMs: (index + 1) * killEveryMs, target: random.pick(targets) },
  }))
  const near = (share: number) => Math.round(overMs * (share + random.next() * 0.1))
  const ofRedis: readonly ChaosFault[] = [
    { kind: 'redis-restarted', atMs: near(0.15) },
    { kind: 'redis-flushed', atMs: near(0.4) },
    { kind: 'redis-restarted', atMs: near(0.6) },
    { kind: 'redis-cut', atMs: near(0.85), commands: 100 + random.below(2_000) },
  ]
  return [...kills, ...ofRedis].toSorted((one, other) => one.atMs - other.atMs)
}

export function describeChaosFault(fault: ChaosFault): string {
  const at = `${(fault.atMs / 1000).toFixed(1)} s`
  if (fault.kind === 'kill') return `${at}: kill -9 ${fault.target}`
  return `${at}: ${fault.kind}${fault.kind === 'redis-cut' ? `, ${fault.commands} commands` : ''}`
}
