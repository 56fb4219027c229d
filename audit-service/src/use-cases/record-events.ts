import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { extendChain } from '../domain/chain.ts'
import { toAct } from '../domain/from-event.ts'
import type { ChainWriter } from './ports.ts'

/** Appends events to the chain, in the transaction that also marks them as applied. */
export async function recordEvents(events: readonly DomainEvent[], chain: ChainWriter): Promise<void> {
  const head = await chain.readHead()
  await chain.append(extendChain(head, events.map(toAct)), head)
}
