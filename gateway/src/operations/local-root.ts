import { ERROR_CODES } from '@redress/shared/error-codes.ts'
import type { LocalRoot } from '../execution/subgraphs/local-source.ts'
import type { Subgraphs } from '../execution/subgraphs/subgraphs.ts'

/** Whether a subgraph can serve requests. */
export type IsReady = (subgraph: ReturnType<Subgraphs['all']>[number]) => Promise<boolean>

export type LocalRootOptions = Readonly<{ subgraphs: Subgraphs; isReady: IsReady }>

/** Root fields that the gateway answers itself: the event of a subscription, the error codes, and the health of Redress. */
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
