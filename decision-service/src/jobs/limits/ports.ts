import type { ErrorCode } from '@redress/shared/error-codes.ts'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import type { ProviderSwitch } from './provider-switch.ts'
import type { Provider, ProviderTarget } from './providers.ts'

/** How a call went, for the breaker of its provider: `ok` is any answer, also a refusal of what was asked for. */
export type CallOutcome = 'ok' | 'failed' | Readonly<{ rateLimitedMs: number }>

/** Room for one call, for as long as it takes. */
export type Lease = Readonly<{
  /** Gives the room back. Never rejects. Without an outcome the call says nothing about the provider. */
  release: (outcome?: CallOutcome) => Promise<void>
}>
export type HeldReason = Extract<
  ErrorCode,
  'PROVIDER_STOPPED' | 'PROVIDER_UNAVAILABLE' | 'PROVIDER_RATE_LIMITED' | 'STORE_UNAVAILABLE'
>
/** No call may be made now. */
export type Held = Readonly<{ reason: HeldReason; retryAfterMs: number }>

export type ProviderLimits = Readonly<{
  /**
   * A lease, or how long to wait before asking again. Does not reject where Redis is away: there is no room then.
   * @param tokens taken at once, 1 if not given. @throws RangeError for more than the burst of the provider.
   */
  acquire: (target: ProviderTarget, tokens?: number) => Promise<Lease | Held>
  /**
   * The same for a caller who waits, for at most `withinMs`.
   * @throws RateLimitTimeoutError if there was no room by then; the reason of `signal` once that is aborted.
   */
  waitFor: (target: ProviderTarget, waiting: Waiting) => Promise<Lease>
}>
type Waiting = Readonly<{ withinMs: number; tokens?: number; signal?: AbortSignal }>

export type SwitchTransaction = Readonly<{
  /** In the order of `targets`; one that was never stopped is as it was opened. */
  find: (targets: readonly ProviderTarget[]) => Promise<readonly ProviderSwitch[]>
  save: (switches: readonly ProviderSwitch[]) => Promise<void>
  addEvents: (events: readonly DomainEvent[]) => Promise<void>
}>

export type ProviderSwitches = Readonly<{
  /** Those of which calls are stopped. */
  stopped: () => Promise<readonly ProviderSwitch[]>
  transact: <T>(work: (transaction: SwitchTransaction) => Promise<T>) => Promise<T>
}>

/** The remaining calls of a provider. */
export type ProviderUsage = Readonly<{
  concurrent: number
  tokens: number
  lastCallAt: Date | null
  /** Milliseconds until there is room for one call, unless another caller takes it; 0 if there is. */
  waitMs: number
  breakerOpen: boolean
}>

/** The counts in Redis. Every call rejects with StoreUnavailableError while Redis is away. */
export type ProviderCounts = Readonly<{
  read: (provider: Provider) => Promise<ProviderUsage>
  /** Fills the bucket, and forgets cooldown and breaker. Calls under way are counted again within a second. */
  reset: (provider: Provider) => Promise<void>
  /** Stops or resumes calls at once, for processes that do not know of it yet: each reads the switches every second. */
  announce: (targets: readonly ProviderTarget[], change: 'stop' | 'resume') => Promise<void>
}>
