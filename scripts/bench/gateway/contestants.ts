import { createPrivateKey, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { SignJWT } from 'jose'
import { fromRoot } from '../../repository.ts'
import { readOrCreateKeys } from '../../stack/keys/keys.ts'
import { findFreePort } from '../../stack/processes/free-port.ts'
import { type Launched, launchNode } from '../../stack/processes/launch-node.ts'
import { findOrInstallRedis, readMachine } from '../../stack/redis/find-redis.ts'
import { launchRedis } from '../../stack/redis/launch-redis.ts'
import { findInstalledPeers, PEER_PROGRAMS, type PeerName } from './peers.ts'
import { type Cores, pin } from './pin.ts'

const ALWAYS = ['ours', 'stock', 'floor'] as const
export type ContestantName = (typeof ALWAYS)[number] | PeerName

/** A process under measurement. Each caller has a token, which a contestant without authentication ignores. */
export type Contestant = Readonly<{ name: ContestantName; url: string; pid: number; tokens: readonly string[] }>

export type Field = Readonly<{ contestants: readonly Contestant[]; stop: () => Promise<void> }>

type Options = Readonly<{ directory: string; cores: Cores | null; callers: number }>

const READY_MS = 30_000
const STOP_MS = 3_000
const PROGRAMS: Readonly<Record<ContestantName, string>> = {
  ours: 'gateway/src/main.ts',
  stock: 'scripts/bench/gateway/stock.ts',
  floor: 'scripts/bench/gateway/floor.ts',
  ...PEER_PROGRAMS,
}

/** Starts the subgraphs, Redis for our gateway, and all contestants. */
export async function startField({ directory, cores, callers }: Options): Promise<Field> {
  const started: Launched[] = []
  const stop = async () => void (await Promise.all(started.map(({ child }) => end(child))))
  const start = async (launched: Launched, core: string | undefined) => {
    started.push(launched)
    const url = await untilReady(launched)
    if (core !== undefined) pin(launched.child.pid!, core)
    return { url, pid: launched.child.pid! }
  }

  try {
    const [subgraphs, redis] = await Promise.all([
      start(launchNode(fromRoot('scripts/bench/gateway/subgraphs.ts'), environmentOf({})), cores?.others),
      start(await launchBenchRedis(directory), cores?.others),
    ])
    const keys = readOrCreateKeys(directory, {})
    const environment = environmentOf({
      ...addressesOf(subgraphs.url),
      REDIS_URL: redis.url,
      JWT_PUBLIC_KEY_PATH: keys.settings.JWT_PUBLIC_KEY_PATH,
      INTERNAL_PRIVATE_KEY: keys.settings.INTERNAL_PRIVATE_KEY,
    })
    const tokens = await signTokens(keys.jwtPrivateKey!, callers)
    const contestants = await Promise.all(
      [...ALWAYS, ...findInstalledPeers()].map(async (name) => ({
        name,
        tokens,
        ...(await start(launchNode(fromRoot(PROGRAMS[name]), environment), cores?.contestants)),
      })),
    )
    return { contestants, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** All guards are on. The quota is above what this load uses. */
function environmentOf(settings: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    RATE_LIMIT_MAX: '1000000',
    APOLLO_TELEMETRY_DISABLED: 'true',
    ...settings,
  }
}

function addressesOf(url: string): NodeJS.ProcessEnv {
  return { ISSUES_URL: `${url}/issues`, DECISIONS_URL: `${url}/decisions`, AUDIT_URL: `${url}/audit` }
}

async function launchBenchRedis(directory: string): Promise<Launched> {
  const program = findOrInstallRedis(readMachine(process.env), console.log)
  return launchRedis({ program, port: await findFreePort(), directory, durable: false })
}

function signTokens(jwtPrivateKey: string, count: number): Promise<readonly string[]> {
  const key = createPrivateKey(jwtPrivateKey)
  const sign = () =>
    new SignJWT({ roles: ['admin'] })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
      .setSubject(`bench-${randomUUID()}`)
      .setIssuer('redress')
      .setAudience('redress')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key)
  return Promise.all(Array.from({ length: count }, sign))
}

async function untilReady({ child, ready }: Launched): Promise<string> {
  let said = ''
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (chunk) => {
      said = (said + chunk).slice(-4000)
    })
  }
  const over = AbortSignal.timeout(READY_MS)
  const ended = once(child, 'exit', { signal: over }).catch(() => {})
  const url = await Promise.race([ready, ended.then(() => null)])
  if (url === null) throw new Error(`A process of the benchmark does not serve: ${child.spawnargs.at(-1)}\n${said}`)
  return url
}

async function end(child: Launched['child']): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const straggler = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  child.kill('SIGTERM')
  await once(child, 'exit')
  clearTimeout(straggler)
}
