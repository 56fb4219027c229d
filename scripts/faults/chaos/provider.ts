import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { type Provider, type ProviderFigures, providerOf } from '../../../decision-service/src/jobs/limits/providers.ts'
import { CHAOS_TYPES, type ChaosData, type ChaosType } from '../../../decision-service/test/chaos-jobs.ts'
import { createMeter, type Metered } from './meter.ts'

/** A call, as a processor makes it. The id of the job is its idempotency key. */
export type Call = Readonly<{ type: ChaosType; jobId: string; data: ChaosData }>

/** The state of one order at the provider. */
export type Account = {
  /** Calls until one had an effect, and after that. */
  calls: number
  /** Calls whose caller was gone before they were answered. */
  cut: number
  /** The idempotency keys that had an effect: one, unless two jobs were made of one order. */
  readonly effects: Set<string>
}

export type ProviderServer = Readonly<{
  url: string
  accounts: ReadonlyMap<string, Account>
  metered: () => Readonly<Partial<Record<Provider, Metered>>>
  close: () => Promise<void>
}>

/** A provider in this process: it applies each idempotency key once, and measures the calls from its own side. */
export async function startProvider(figures: Readonly<Record<Provider, ProviderFigures>>): Promise<ProviderServer> {
  const accounts = new Map<string, Account>()
  const { meterOf, metered } = createMeters(figures)
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { type, jobId, data } = (await json(request)) as Call
    const account = accounts.get(data.order) ?? { calls: 0, cut: 0, effects: new Set<string>() }
    accounts.set(data.order, account)
    const number = ++account.calls
    const end = meterOf(type)?.begin(performance.now())
    response.once('close', () => {
      end?.()
      if (!response.writableFinished) account.cut++
    })
    await pause(data.latencyMs / 2)
    const fails = number <= data.failures
    if (!fails) account.effects.add(jobId)
    // Between an effect and its answer the caller may be killed.
    await pause(data.latencyMs / 2)
    response.writeHead(fails ? 500 : 200).end()
  }
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accounts,
    metered,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function createMeters(figures: Readonly<Record<Provider, ProviderFigures>>) {
  const meters = new Map<Provider, ReturnType<typeof createMeter>>()
  return {
    /** Null for a type that calls no provider. */
    meterOf(type: ChaosType) {
      const { provider: target } = CHAOS_TYPES[type]
      if (target === null) return null
      const provider = providerOf(target)
      const meter = meters.get(provider) ?? createMeter(figures[provider])
      meters.set(provider, meter)
      return meter
    },
    metered: () => Object.fromEntries([...meters].map(([name, meter]) => [name, meter.read()])),
  }
}
