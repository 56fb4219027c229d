import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silent } from '@redress/shared/testing/stores.ts'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../src/config.ts'
import { startGateway } from '../src/start.ts'
import { createKeys, pemOf, signToken } from './keys.ts'
import { startOddSubgraph } from './subgraphs.ts'

const directory = mkdtempSync(join(tmpdir(), 'gateway-process-'))
afterAll(() => rmSync(directory, { recursive: true }))

const keys = createKeys()
const JWT_PUBLIC_KEY_PATH = join(directory, 'jwt.pem')
writeFileSync(JWT_PUBLIC_KEY_PATH, pemOf(keys.jwt.publicKey))

/** Nothing listens there: port 1 belongs to nobody. */
const NOWHERE = 'http://127.0.0.1:1'
const ENVIRONMENT = {
  PORT: '0',
  ISSUES_URL: NOWHERE,
  DECISIONS_URL: NOWHERE,
  AUDIT_URL: NOWHERE,
  INTERNAL_PRIVATE_KEY: keys.internalPrivateKey,
  JWT_PUBLIC_KEY_PATH,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
}

function startProcess(environment: NodeJS.ProcessEnv) {
  const main = new URL('../src/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (text) => {
    output.stdout += text
  })
  child.stderr?.on('data', (text) => {
    output.stderr += text
  })
  return {
    output,
    ready: once(child, 'message').then(([message]) => message as { ready: true; url: string }),
    ended: once(child, 'close').then(([code]) => code as number | null),
    kill: (signal: NodeJS.Signals) => child.kill(signal),
  }
}

function supergraphOf(text: string): string {
  const file = join(mkdtempSync(join(directory, 'supergraph-')), 'supergraph.graphql')
  writeFileSync(file, text)
  return file
}

function takesConnections(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
  })
}

describe('the gateway process', { concurrent: true }, () => {
  it('serves although no subgraph does, and lets a running request end before it stops', async ({ expect }) => {
    const asked = Promise.withResolvers<ServerResponse>()
    const issues = await startOddSubgraph((_, response) => {
      asked.resolve(response)
    })
    const gateway = startProcess({ ...ENVIRONMENT, ISSUES_URL: issues.url })
    const { url } = await gateway.ready

    const answer = fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await signToken(keys.jwt.privateKey, { roles: ['admin'] })}`,
      },
      body: '{"query":"{ issue(id: 1) { id } queues { name } }"}',
    })
    const held = await asked.promise
    gateway.kill('SIGTERM')
    await expect.poll(() => takesConnections(url)).toBe(false)
    held.end('{"data":{"issue":{"id":"iss_1"}}}')

    expect(await (await answer).json()).toMatchObject({
      data: { issue: { id: 'iss_1' }, queues: null },
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'decisions' } }],
    })
    expect(await gateway.ended).toBe(0)
    expect(gateway.output.stderr).toBe('')
    issues.stop()
  })

  it('ends with one line when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo

    const gateway = startProcess({ ...ENVIRONMENT, PORT: String(port) })

    expect(await gateway.ended).toBe(1)
    expect(gateway.output.stderr.split('\n')).toEqual([expect.stringContaining(`Port ${port} is in use`), ''])
    other.close()
  })

  it('says everything that is wrong with its configuration and opens nothing', async () => {
    const gateway = startProcess({ ...ENVIRONMENT, PORT: 'web', AUDIT_URL: '' })

    expect(await gateway.ended).toBe(78)
    expect(gateway.output).toEqual({ stdout: '', stderr: expect.stringMatching(/AUDIT_URL.*\n.*PORT/) })
  })

  it('ends with the reason where the supergraph is not usable', async ({ expect }) => {
    const { ended, output } = startProcess({ ...ENVIRONMENT, SUPERGRAPH: supergraphOf('type Query { a: Int }') })

    expect(await ended).toBe(78)
    expect(output.stderr).toMatch(
      /^The configuration is not usable:\n {2}SUPERGRAPH must be a usable supergraph: .+\n$/,
    )
  })

  it.for(['', 'not GraphQL'])('does not start where the supergraph is %j', async (text, { expect }) => {
    const config = readConfig({ ...ENVIRONMENT, SUPERGRAPH: supergraphOf(text) })

    await expect(startGateway(config, silent)).rejects.toThrow(
      /^The configuration is not usable:\n {2}SUPERGRAPH must be/,
    )
  })
})
