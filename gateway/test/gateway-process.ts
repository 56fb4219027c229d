import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKeys, pemOf, signToken, type TokenClaims } from './keys.ts'
import { METRICS_TOKEN } from './read-metrics.ts'
import { startSubgraphs } from './subgraphs.ts'

/** Loaded before the program: tells the test, when asked, what it holds once the garbage is gone. */
const PROBE = `
  process.on('message', () => {
    globalThis.gc()
    const kinds = {}
    for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1
    process.send({ probe: { heapUsed: process.memoryUsage().heapUsed, kinds } })
  })
  process.channel.unref()`

export type Probe = Readonly<{ heapUsed: number; kinds: Record<string, number> }>

type Options = Readonly<{ urls?: Readonly<Record<string, string>>; environment?: NodeJS.ProcessEnv }>

/** The gateway's own program in a process of its own, over the three real subgraphs in this one. */
export async function startGatewayProcess({ urls = {}, environment = {} }: Options = {}) {
  const keys = createKeys()
  const directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
  const [keyFile, probeFile] = [join(directory, 'jwt.pem'), join(directory, 'probe.mjs')]
  writeFileSync(keyFile, pemOf(keys.jwt.publicKey))
  writeFileSync(probeFile, PROBE)
  const real = await startSubgraphs(keys.internalPublicKey)
  const address = { ...real.urls, ...urls }
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--expose-gc', '--import', probeFile, main], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PORT: '0',
      ISSUES_URL: address.issues,
      DECISIONS_URL: address.decisions,
      AUDIT_URL: address.audit,
      INTERNAL_PRIVATE_KEY: keys.internalPrivateKey,
      JWT_PUBLIC_KEY_PATH: keyFile,
      METRICS_TOKEN,
      ADDRESS_RATE_LIMIT_MAX: '1000000',
      RATE_LIMIT_MAX: '1000000',
      LOG_LEVEL: 'error',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...environment,
    },
  })
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The gateway ended with ${code}.`)))
  ended.catch(() => {}) // Of interest only to those who wait for it to say something.
  const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }]
  return {
    url,
    keys,
    token: await signToken(keys.jwt.privateKey, { roles: ['admin'] }),
    signToken: (claims: TokenClaims) => signToken(keys.jwt.privateKey, claims),
    calls: real.calls,
    async look(): Promise<Probe> {
      child.send('look')
      const [{ probe }] = (await Promise.race([once(child, 'message'), ended])) as [{ probe: Probe }]
      return probe
    },
    pid: child.pid!,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    async stop() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      await real.stop()
      rmSync(directory, { recursive: true })
    },
  }
}
