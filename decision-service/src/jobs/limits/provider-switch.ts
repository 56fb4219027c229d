import { newEvent } from '@redress/shared/events/catalogue.ts'
import { type Cause, type DomainEvent, momentAfter } from '@redress/shared/events/envelope.ts'
import { alertEvent, alertResolvedEvent } from '../../../../shared/src/events/alert.ts'
import type { ProviderTarget } from './providers.ts'

/** Whether calls to a provider, or of one of its operations, are stopped by a person. */
export type ProviderSwitch = Readonly<{
  target: ProviderTarget
  /** Null while calls are allowed. */
  stop: Readonly<{ reason: string; actor: string; since: Date; alert: string }> | null
  /** Grows by one with every act. */
  version: number
  updatedAt: Date
}>

export type Act = Readonly<{ reason: string; cause: Cause; now: Date }>
/** A new state and its events. */
export type SwitchChange = Readonly<{ after: ProviderSwitch; events: readonly DomainEvent[] }>

export function openSwitch(target: ProviderTarget): ProviderSwitch {
  return { target, stop: null, version: 0, updatedAt: new Date(0) }
}

/** Null if calls are stopped already. */
export function stopCalls(before: ProviderSwitch, act: Act): SwitchChange | null {
  if (before.stop !== null) return null
  const { target } = before
  const { reason, cause } = act
  const next = advance(before, act)
  const alert = {
    id: `provider-${target}-${next.version}`,
    type: 'PROVIDER_STOPPED',
    severity: 'CRITICAL',
    message: `Calls to ${target} are stopped: ${reason}`,
    entity: { type: 'Provider', id: target },
    cause,
  } as const
  const raisedAt = momentAfter(next.updatedAt, next.updatedAt)
  return {
    after: {
      ...next,
      stop: { reason, actor: cause.actor, since: next.updatedAt, alert: alert.id },
      updatedAt: raisedAt,
    },
    events: [eventOf('provider.stopped', next, act, { stopped: true }), alertEvent(alert, raisedAt)],
  }
}

/** Null if calls are not stopped. */
export function resumeCalls(before: ProviderSwitch, act: Act): SwitchChange | null {
  if (before.stop === null) return null
  const { target } = before
  const next = { ...advance(before, act), stop: null }
  const resolved = {
    id: before.stop.alert,
    type: 'PROVIDER_STOPPED',
    message: `Calls to ${target} are allowed again: ${act.reason}`,
    entity: { type: 'Provider', id: target },
    cause: act.cause,
  } as const
  const resolvedAt = momentAfter(next.updatedAt, next.updatedAt)
  return {
    after: { ...next, updatedAt: resolvedAt },
    events: [eventOf('provider.resumed', next, act, { stopped: false }), alertResolvedEvent(resolved, resolvedAt)],
  }
}

/** Records that the limits were reset, which changes no stop. */
export function recordReset(before: ProviderSwitch, act: Act): SwitchChange {
  const after = advance(before, act)
  return { after, events: [eventOf('provider.limit_reset', after, act, {})] }
}

function advance(before: ProviderSwitch, { now }: Act): ProviderSwitch {
  return { ...before, version: before.version + 1, updatedAt: momentAfter(before.updatedAt, now) }
}

function eventOf(
  type: 'provider.stopped' | 'provider.resumed' | 'provider.limit_reset',
  { target, version, updatedAt }: ProviderSwitch,
  { reason, cause }: Act,
  { stopped }: Readonly<{ stopped?: boolean }>,
): DomainEvent {
  return newEvent(type, {
    id: `provider-${target}-${version}`,
    at: updatedAt,
    cause,
    entity: { type: 'Provider', id: target },
    changes: {
      reason: { before: null, after: reason },
      ...(stopped !== undefined && { stopped: { before: !stopped, after: stopped } }),
    },
    data: { provider: target, reason },
  })
}
