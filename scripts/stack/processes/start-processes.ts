import { fromRoot } from '../../repository.ts'
import { StackError } from '../failure.ts'
import { findOrInstallRedis, readMachine } from '../redis/find-redis.ts'
import { launchRedis } from '../redis/launch-redis.ts'
import { untilPredecessorEnded } from '../redis/redis-predecessor.ts'
import { environmentOf, type Settings } from './environment.ts'
import { findFreePort } from './free-port.ts'
import { launchNode } from './launch-node.ts'
import type { OnLogLine } from './log-lines.ts'
import type { ProcessRow } from './process-table.ts'
import { type Program, type Supervised, supervise } from './supervise.ts'

export type Running = {
  readonly row: ProcessRow
  readonly supervised: Supervised
  readonly environment: () => NodeJS.ProcessEnv
  url: string
}

export type StartOptions = Readonly<{
  settings: Settings
  gatewayPort: number
  readyMs: number
  onLogLine: OnLogLine
  onReady: (process: ProcessRow) => void
  say: (line: string) => void
  signal: AbortSignal
}>

type Addresses = Readonly<Record<string, string>>

/**
 * Starts each process as soon as the addresses it needs are known, and adds it to `running`. A row must stand after the
 * rows whose addresses it needs. Resolves when all serve. @throws StackError
 */
export async function startProcesses(
  rows: readonly ProcessRow[],
  running: Map<string, Running>,
  options: StartOptions,
): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  const addressOf = new Map<string, Promise<string>>()

  const start = async (row: ProcessRow): Promise<string> => {
    const addresses = await collectAddresses(row, addressOf)
    // Start nothing after another process has failed.
    signal.throwIfAborted()
    const process = startProcess(row, addresses, options)
    running.set(row.name, process)
    process.url = await process.supervised.ready
    options.onReady(row)
    return process.url
  }
  for (const row of rows) {
    const given = row.unlessGiven && options.settings.given[row.unlessGiven]
    addressOf.set(row.name, given ? Promise.resolve(given) : start(row))
  }

  const { promise: aborted, reject } = Promise.withResolvers<never>()
  options.signal.addEventListener('abort', () => reject(new StackError('The start was interrupted.')), { once: true })
  try {
    await Promise.race([Promise.all(addressOf.values()), aborted])
  } finally {
    failed.abort()
  }
}

async function collectAddresses(row: ProcessRow, addressOf: ReadonlyMap<string, Promise<string>>): Promise<Addresses> {
  const entries = Object.entries(row.addresses).map(async ([variable, process]) => {
    const address = await addressOf.get(process)
    if (address === undefined) throw new StackError(`${row.name} needs ${process}, which is not above it in the table.`)
    return [variable, address] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function startProcess(row: ProcessRow, addresses: Addresses, options: StartOptions): Running {
  const port = row.stage === 'edge' ? options.gatewayPort : 0
  let environment = environmentOf(row, options.settings, { port, addresses })
  const launchProgram = async (given: number) => {
    const port = given || (await findFreePort())
    environment = environmentOf(row, options.settings, { port, addresses })
    return launchNode(fromRoot(String(row.program)), environment, row.flags)
  }
  const launch = row.program === 'redis' ? createRedisLauncher(options) : launchProgram
  return {
    row,
    supervised: supervise({ name: row.name, port, launch }, options),
    environment: () => environment,
    url: '',
  }
}

function createRedisLauncher({ settings, say }: StartOptions): Program['launch'] {
  const program = findOrInstallRedis(readMachine({ ...process.env, ...settings.given }), say)
  const directory = `${settings.dataDirectory}/redis`
  return async (port) => {
    await untilPredecessorEnded(directory)
    return launchRedis({ program, port: port || (await findFreePort()), directory, durable: true })
  }
}
