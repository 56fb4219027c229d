import { ERROR_CODES } from '@redress/shared/error-codes.ts'
import type { LocalRoot } from '../execution/subgraphs/local-source.ts'
import type { Subgraphs } from '../execution/subgraphs/subgraphs.ts'

type Asked = ReturnType<Subgraphs['all']>[number]

export type LocalRootOptions = Readonly<{ subgraphs: Subgraphs; isReady: (subgraph: Asked) => Promise<boolean> }>

/** What the gateway answers itself: the event that a subscription is about, and what only the door knows. */
export function createLocalRoot({ subgraphs, isReady }: LocalRootOptions): LocalRoot {
  const health = async () => {
    const services = await Promise.all(
      subgraphs.all().map(async (subgraph) => ({
        name: subgraph.name,
        ready: await isReady(subgraph),
        breaker: subgraph.breaker.state().toUpperCase().replace(' ', '_'),
      })),
    )
    const ready = services.filter((service) => service.ready).length
    return { status: ready === services.length ? 'HEALTHY' : ready > 0 ? 'DEGRADED' : 'UNHEALTHY', services }
  }
  return ({ event }) => ({ ...event, errorCodes: ERROR_CODES, health })
}
