import { mkdirSync } from 'node:fs'
import { removeDevFile } from './dev-file.ts'
import { createDevTokens, type DevTokens } from './keys/dev-tokens.ts'
import { readOrCreateKeys } from './keys/keys.ts'
import { lockDataDirectory } from './lock.ts'
import type { Settings } from './processes/environment.ts'
import { ensurePortIsFree } from './processes/gateway-port.ts'
import { createFileLog } from './processes/log-file.ts'
import type { OnLogLine } from './processes/log-lines.ts'
import { PROCESS_TABLE, type ProcessRow } from './processes/process-table.ts'
import { type Running, startProcesses } from './processes/start-processes.ts'
import { killAll, stopInOrder } from './processes/stop-in-order.ts'

export type StackOptions = Readonly<{
  /** Everything the stack keeps: data, keys, logs. It serves one stack at a time. */
  dataDirectory: string
  /** 0 for any free one. */
  gatewayPort: number
  /** What the processes find in their environment; MONGODB_URI and REDIS_URL take the place of the embedded stores. */
  environment?: NodeJS.ProcessEnv
  logLevel?: string
  /** How many there are of a process where it is not one; further ones are named `issues-2` and so on. */
  replicas?: Readonly<Record<string, number>>
  /** How long a process may take until it serves. */
  readyMs?: number
  /** Where log lines go; to `stack.log` in the data directory where not given. */
  onLogLine?: OnLogLine
  onReady?: (process: ProcessRow) => void
  /** Told what takes long, like the installation of Redis. */
  say?: (line: string) => void
  /** Stops a start that is under way. */
  signal?: AbortSignal
  table?: readonly ProcessRow[]
}>

export type RunningProcess = Readonly<{ pid: number | null; restarts: number; url: string }>

export type Stack = Readonly<{
  graphql: string
  /** Null where the JWT key is somebody else's: then we cannot sign any. */
  tokens: DevTokens | null
  /** As they are at this moment, by name. */
  processes: Readonly<Record<string, RunningProcess>>
  /** What the process of this name is started with. */
  environmentOf: (name: string) => NodeJS.ProcessEnv
  /** Rejects with a StackError when a process cannot be kept running; never resolves. */
  broken: Promise<never>
  /** Ends everything in order, within 5 s. */
  stop: () => Promise<void>
  /** Ends everything at once, like a loss of power. */
  kill: () => Promise<void>
}>

const READY_MS = 60_000

/** Starts every process of Redress and waits until all serve. @throws StackError when nothing of it is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDirectory, gatewayPort, table = PROCESS_TABLE } = options
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const unlock = lockDataDirectory(dataDirectory)
  const running = new Map<string, Running>()
  try {
    await ensurePortIsFree(gatewayPort)
    removeDevFile(dataDirectory)
    const keys = readOrCreateKeys(dataDirectory, options.environment ?? {})
    const tokens = keys.jwtPrivateKey === null ? null : await createDevTokens(keys.jwtPrivateKey)
    const settings: Settings = {
      dataDirectory,
      logLevel: options.logLevel ?? 'info',
      given: options.environment ?? {},
      secrets: { ...keys.settings, DEV_TOKEN: options.environment?.DEV_TOKEN || (tokens?.admin ?? '') },
    }
    await startProcesses(withReplicas(table, options.replicas ?? {}), running, {
      settings,
      gatewayPort,
      readyMs: options.readyMs ?? READY_MS,
      onLogLine: options.onLogLine ?? createFileLog(dataDirectory),
      onReady: options.onReady ?? (() => {}),
      say: options.say ?? (() => {}),
      signal: options.signal ?? new AbortController().signal,
    })
    return toStack(running, tokens, unlock)
  } catch (error) {
    await stopInOrder([...running.values()])
    unlock()
    throw error
  }
}

function toStack(running: ReadonlyMap<string, Running>, tokens: DevTokens | null, unlock: () => void): Stack {
  const all = [...running.values()]
  const broken = Promise.race(all.map(({ supervised }) => supervised.broken))
  broken.catch(() => {}) // Not everybody who has a stack waits for this.
  return {
    graphql: new URL('/graphql', all.find(({ row }) => row.stage === 'door')?.url).href,
    tokens,
    get processes() {
      const entryOf = ({ row, supervised, url }: Running) =>
        [row.name, { pid: supervised.pid(), restarts: supervised.restarts(), url }] as const
      return Object.fromEntries(all.map(entryOf))
    },
    environmentOf: (name) => running.get(name)?.environment() ?? {},
    broken,
    stop: () => stopInOrder(all).finally(unlock),
    kill: () => killAll(all).finally(unlock),
  }
}

function withReplicas(table: readonly ProcessRow[], replicas: Readonly<Record<string, number>>): readonly ProcessRow[] {
  return table.flatMap((row) => {
    const further = Array.from({ length: (replicas[row.name] ?? 1) - 1 }, (_, index) => index + 2)
    return [row, ...further.map((n) => ({ ...row, name: `${row.name}-${n}`, label: `${row.label} ${n}` }))]
  })
}
