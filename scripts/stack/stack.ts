import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { removeDevFile } from './dev-file.ts'
import { createDevTokens, type DevTokens } from './keys/dev-tokens.ts'
import { readOrCreateKeys } from './keys/keys.ts'
import { lockDataDirectory } from './lock.ts'
import { isDevelopment, type Settings } from './processes/environment.ts'
import { ensurePortIsFree } from './processes/gateway-port.ts'
import { createFileLog } from './processes/log-file.ts'
import type { OnLogLine } from './processes/log-lines.ts'
import { PROCESS_TABLE, type ProcessRow } from './processes/process-table.ts'
import { type Running, startProcesses } from './processes/start-processes.ts'
import { killAll, stopInOrder } from './processes/stop-in-order.ts'

export type StackOptions = Readonly<{
  /** Holds data, keys and logs. It can be used by one stack at a time. */
  dataDirectory: string
  /** 0 for any free port. */
  gatewayPort: number
  /** The environment of the processes. MONGODB_URI and REDIS_URL replace the embedded stores. */
  environment?: NodeJS.ProcessEnv
  logLevel?: string
  /** The number of instances by process, 1 by default. Further instances are named `issues-2` and so on. */
  replicas?: Readonly<Record<string, number>>
  /** The most time from the start of a process until it serves. */
  readyMs?: number
  /** Receives log lines; by default they go to `stack.log` in the data directory. */
  onLogLine?: OnLogLine
  onReady?: (process: ProcessRow) => void
  /** Receives messages about steps that take long, such as the installation of Redis. */
  say?: (line: string) => void
  /** Aborts the start. */
  signal?: AbortSignal
  table?: readonly ProcessRow[]
}>

export type RunningProcess = Readonly<{ pid: number | null; restarts: number; url: string }>

export type Stack = Readonly<{
  graphql: string
  /** Opens the playground as an admin, once, in one browser; null where there are no tokens. */
  playground: string | null
  /** Null outside development, and when JWT_PUBLIC_KEY_PATH is given, because its private key is not known here. */
  tokens: DevTokens | null
  /** New ones: a token is good for 8 hours. */
  renewTokens: () => Promise<DevTokens | null>
  /** The present state of each process, by name. */
  processes: Readonly<Record<string, RunningProcess>>
  /** The environment that the process of this name was started with. */
  environmentOf: (name: string) => NodeJS.ProcessEnv
  /** Rejects with a StackError when a process cannot be kept running; never resolves. */
  broken: Promise<never>
  /** Stops all processes stage by stage, within 5 s. */
  stop: () => Promise<void>
  /** Kills all processes at once, like a power failure. */
  kill: () => Promise<void>
}>

const READY_MS = 60_000

/** Starts every process of Redress and waits until all serve. @throws StackError after it has stopped all of them. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { dataDirectory, gatewayPort, table = PROCESS_TABLE } = options
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 })
  const unlock = lockDataDirectory(dataDirectory)
  const running = new Map<string, Running>()
  try {
    await ensurePortIsFree(gatewayPort)
    removeDevFile(dataDirectory)
    const keys = readOrCreateKeys(dataDirectory, options.environment ?? {})
    const jwtPrivateKey = isDevelopment(options.environment ?? {}) ? keys.jwtPrivateKey : null
    const renewTokens = async () => (jwtPrivateKey === null ? null : await createDevTokens(jwtPrivateKey))
    const tokens = await renewTokens()
    const code = tokens === null ? null : randomBytes(16).toString('base64url')
    const settings: Settings = {
      dataDirectory,
      logLevel: options.logLevel ?? 'info',
      given: options.environment ?? {},
      secrets: { ...keys.settings, PLAYGROUND_CODE: code ?? '' },
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
    return toStack(running, { code, tokens, renewTokens }, unlock)
  } catch (error) {
    await stopInOrder([...running.values()])
    unlock()
    throw error
  }
}

type Access = Readonly<{ code: string | null }> & Pick<Stack, 'tokens' | 'renewTokens'>

function toStack(running: ReadonlyMap<string, Running>, { code, ...tokens }: Access, unlock: () => void): Stack {
  const all = [...running.values()]
  const broken = Promise.race(all.map(({ supervised }) => supervised.broken))
  broken.catch(() => {}) // A caller need not handle this promise.
  const address = all.find(({ row }) => row.stage === 'edge')?.url
  return {
    graphql: new URL('/graphql', address).href,
    playground: code === null ? null : new URL(`/playground?code=${code}`, address).href,
    ...tokens,
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
