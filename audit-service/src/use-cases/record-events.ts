import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { extendChain } from '../domain/chain.ts'
import { type Act, toAct } from '../domain/from-event.ts'
import type { ChainWriter } from './ports.ts'

/**
 * Appends an entry for each event to the chain. An entry's id is derived from its event: an event that has one already,
 * as after a log was restored from an older copy, gets no second one.
 */
export async function recordEvents(events: readonly DomainEvent[], chain: ChainWriter): Promise<void> {
  const acts = new Map(events.map(toAct).map((act) => [act.id, act]))
  for (const id of await chain.findRecorded([...acts.keys()])) acts.delete(id)
  await append([...acts.values()], chain)
}

/** Appends the entry of an act of this service. @throws where it has one already */
export function recordOwnAct(event: DomainEvent, chain: ChainWriter): Promise<void> {
  return append([toAct(event)], chain)
}

async function append(acts: readonly Act[], chain: ChainWriter): Promise<void> {
  if (acts.length === 0) return
  const head = await chain.readHead()
  await chain.append(extendChain(head, acts), head)
}
