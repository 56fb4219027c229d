import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import { ConfirmationMismatchError, ProviderNotFoundError, ProviderStoppedError } from './errors.ts'
import type { ProviderCounts, ProviderSwitches } from './ports.ts'
import {
  type Act,
  type ProviderSwitch,
  recordReset,
  resumeCalls,
  type SwitchChange,
  stopCalls,
} from './provider-switch.ts'
import {
  isProvider,
  isProviderTarget,
  PROVIDER_NAMES,
  type Provider,
  type ProviderTarget,
  providerOf,
  stoppersOf,
  targetsOf,
} from './providers.ts'

const ALL = 'ALL'

type Command = Readonly<{ reason: string; cause: Cause }>
/** Providers and operations by name; null for all. */
type Named = Command & Readonly<{ names: readonly string[] | null }>

export type ProviderActs = Readonly<{
  /**
   * Stops calls. Those under way go on, and jobs that want to make one wait without using attempts. After this has
   * returned no call begins; a repeat changes nothing.
   * @param confirm the names joined by commas, or ALL.
   * @throws ProviderNotFoundError, ConfirmationMismatchError, BadUserInputError
   */
  stop: (command: Named & Readonly<{ confirm: string }>) => Promise<void>
  /**
   * Allows them again, within about a second; those of a provider with all of its operations. A repeat changes nothing.
   * @throws ProviderNotFoundError, BadUserInputError; ProviderStoppedError for an operation of a stopped provider.
   */
  resume: (command: Named) => Promise<void>
  /** @throws ProviderNotFoundError, StoreUnavailableError */
  reset: (command: Command & Readonly<{ name: string }>) => Promise<void>
}>

type Dependencies = Readonly<{
  switches: ProviderSwitches
  counts: Pick<ProviderCounts, 'reset' | 'announce'>
  now: Clock
  onCommit: () => void
  /** Called when Redis could not be informed: processes know of the change a second later. */
  onLate: (error: unknown) => void
}>

/** The acts of operators on calls to providers, each with its event. */
export function createProviderActs({ switches, counts, now, onCommit, onLate }: Dependencies): ProviderActs {
  const act = async (targets: readonly ProviderTarget[], command: Command, change: Change): Promise<void> => {
    const { cause } = command
    const reason = maskPersonal(command.reason).trim()
    await switches.transact(async (transaction) => {
      const before = await transaction.find(targets)
      const changes = before.flatMap((one) => change(one, { reason, cause, now: now() }) ?? [])
      await transaction.save(changes.map(({ after }) => after))
      await transaction.addEvents(changes.flatMap(({ events }) => events))
    })
    onCommit()
  }
  return {
    async stop({ names, confirm, ...command }) {
      const targets = names === null ? PROVIDER_NAMES : toTargets(names)
      const expected = names === null ? ALL : names.join()
      if (confirm !== expected) throw new ConfirmationMismatchError(expected)
      await act(targets, command, stopCalls)
      // Also those that were stopped before: an earlier announcement may have been lost.
      await counts.announce(targets, 'stop').catch(onLate)
    },
    async resume({ names, ...command }) {
      const named = names === null ? PROVIDER_NAMES : toTargets(names)
      const targets = [...new Set(named.flatMap(withOperations))]
      await refuseParts(switches, targets)
      await act(targets, command, resumeCalls)
      await counts.announce(targets, 'resume').catch(onLate)
    },
    async reset({ name, ...command }) {
      const provider = toProvider(name)
      await act([provider], command, recordReset)
      await counts.reset(provider)
    },
  }
}

type Change = (before: ProviderSwitch, act: Act) => SwitchChange | null

function toTargets(names: readonly string[]): readonly ProviderTarget[] {
  if (names.length === 0) throw new BadUserInputError(['providers'], 'must name at least one')
  return [...new Set(names.map(toTarget))]
}

function toTarget(name: string): ProviderTarget {
  if (!isProviderTarget(name)) throw new ProviderNotFoundError(name)
  return name
}

/** An operation shares the counts of its provider: it has none of its own that could be reset. */
function toProvider(name: string): Provider {
  if (!isProvider(name)) throw new ProviderNotFoundError(name)
  return name
}

const withOperations = (target: ProviderTarget): readonly ProviderTarget[] =>
  target === providerOf(target) ? targetsOf(providerOf(target)) : [target]

async function refuseParts(switches: ProviderSwitches, targets: readonly ProviderTarget[]): Promise<void> {
  const stopped = new Set((await switches.stopped()).map(({ target }) => target))
  for (const target of targets) {
    const whole = stoppersOf(target).find((one) => one !== target && stopped.has(one) && !targets.includes(one))
    if (whole !== undefined) throw new ProviderStoppedError(target, providerOf(whole))
  }
}
