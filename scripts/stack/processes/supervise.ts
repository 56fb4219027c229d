import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { StackError } from '../failure.ts'
import type { Launched } from './launch-node.ts'
import { type End, followLife, type Life } from './life.ts'
import type { OnLogLine } from './log-lines.ts'

const DELAY_MIN_MS = 250
const DELAY_MAX_MS = 5_000
/** A process that has served this long has recovered: the next restart has the shortest delay again. */
const STABLE_MS = 10_000
/** The supervisor gives up a process that ends this often and has never served. */
const ENDS_BEFORE_READY_MAX = 5

export type Program = Readonly<{
  name: string
  /** Its port; 0 for any free port, which it keeps over restarts. */
  port: number
  launch: (port: number) => Launched | Promise<Launched>
}>

export type Supervised = Readonly<{
  name: string
  /** The address, when it serves for the first time. Rejects with a StackError when it is given up. */
  ready: Promise<string>
  /** Rejects with a StackError when it is given up, and never resolves. */
  broken: Promise<never>
  pid: () => number | null
  restarts: () => number
  /** Sends the signal and restarts the process no more. Resolves when it has ended. */
  stop: (signal: NodeJS.Signals) => Promise<void>
}>

type Options = Readonly<{ readyMs: number; onLogLine: OnLogLine }>

/** The present state of the program. */
type State = { port: number; child: ChildProcess | null; restarts: number; readonly stopped: AbortController }

/** Keeps a program running: restarts it when it ends, after a delay that doubles with each restart. */
export function supervise(program: Program, options: Options): Supervised {
  const state: State = { port: program.port, child: null, restarts: 0, stopped: new AbortController() }
  const ready = Promise.withResolvers<string>()
  const broken = Promise.withResolvers<never>()
  // Either may reject before a caller handles it.
  for (const { promise } of [ready, broken]) promise.catch(() => {})

  const running = keepRunning(program, options, state, ready.resolve).catch((error: unknown) => {
    ready.reject(error)
    broken.reject(error)
  })
  return {
    name: program.name,
    ready: ready.promise,
    broken: broken.promise,
    pid: () => state.child?.pid ?? null,
    restarts: () => state.restarts,
    stop: (signal) => {
      state.stopped.abort()
      state.child?.kill(signal)
      return running
    },
  }
}

async function keepRunning(
  program: Program,
  { readyMs, onLogLine }: Options,
  state: State,
  onReady: (url: string) => void,
): Promise<void> {
  const { name } = program
  const { signal: stopped } = state.stopped
  const say = (text: string) => onLogLine({ process: name, from: 'supervisor', text })
  let delayMs = DELAY_MIN_MS
  let wasReady = false

  while (!stopped.aborted) {
    const launched = await launch(program, state)
    const life = followLife(launched, { process: name, readyMs, onLogLine })
    const url = await life.ready
    const readyAtMs = Date.now()
    if (url !== null) {
      if (state.restarts > 0) say(`${name} is ready again`)
      wasReady = true
      state.port = Number(new URL(url).port)
      onReady(url)
    }
    const end = await life.ended
    state.child = null
    if (stopped.aborted) return
    throwIfGivenUp(name, life, end, { wasReady, restarts: state.restarts })

    if (url !== null && Date.now() - readyAtMs >= STABLE_MS) delayMs = DELAY_MIN_MS
    say(`${name} ended (${end.how}), restarting in ${delayMs / 1000} s`)
    await pause(delayMs, null, { signal: stopped }).catch(() => {})
    delayMs = Math.min(DELAY_MAX_MS, delayMs * 2)
    state.restarts++
  }
}

async function launch(program: Program, state: State): Promise<Launched> {
  const launched = await program.launch(state.port)
  state.child = launched.child
  // A stop during the launch had no process yet to send its signal to.
  if (state.stopped.signal.aborted) launched.child.kill('SIGKILL')
  return launched
}

function throwIfGivenUp(name: string, life: Life, end: End, was: { wasReady: boolean; restarts: number }): void {
  const isConfiguration = end.kind === 'configuration'
  const isGivenUp =
    isConfiguration || (!was.wasReady && (end.kind === 'not ready' || was.restarts + 1 >= ENDS_BEFORE_READY_MAX))
  if (!isGivenUp) return

  const problem = isConfiguration
    ? 'cannot run with this configuration:'
    : `cannot be started (${end.how}). Its last lines:`
  const message = [`${name} ${problem}`, ...life.lastLines().map((line) => `  ${line}`)].join('\n')
  throw new StackError(message, { exitCode: isConfiguration ? 78 : 1 })
}
