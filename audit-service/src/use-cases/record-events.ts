import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { extendChain } from '../domain/chain.ts'
import { type Act, toAct } from '../domain/from-event.ts'
import type { ChainWriter } from './ports.ts'

/**
 * Appends an entry for each event to the chain. An entry's id is derived from its event, so that none gets a second one.
 * @throws where an event has an entry already, as after a log was restored from an older copy
 */
export async function recordEvents(events: readonly DomainEvent[], chain: ChainWriter): Promise<void> {
  await append([...toActs(events).values()], chain)
}

/** The same, but passes over events that have an entry. */
export async function recordNewEvents(events: readonly DomainEvent[], chain: ChainWriter): Promise<void> {
  const acts = toActs(events)
  for (const id of await chain.findRecorded([...acts.keys()])) acts.delete(id)
  await append([...acts.values()], chain)
}

function toActs(events: readonly DomainEvent[]): Map<string, Act> {
  return new Map(events.map(toAct).map((act) => [act.id, act]))
}

async function append(acts: readonly Act[], chain: ChainWriter): Promise<void> {
  if (acts.length === 0) return
  const head = await chain.readHead()
  await chain.append(extendChain(head, acts), head)
}
