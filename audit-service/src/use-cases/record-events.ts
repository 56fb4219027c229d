import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { extendChain } from '../domain/entry.ts'
import type { ChainWriter } from './ports.ts'

/** Puts events on record, in the transaction that also notes them as heard. */
export async function recordEvents(events: readonly DomainEvent[], chain: ChainWriter): Promise<void> {
  const head = await chain.readHead()
  await chain.append(extendChain(head, events), head)
}
