import { BadUserInputError } from '@redress/shared/errors.ts'
import type { Cause } from '@redress/shared/events/envelope.ts'
import type { Clock } from '@redress/shared/time.ts'
import { PolicyNotOnTrialError, PolicyUnchangedError } from '../errors.ts'
import { getHead, getVersion, requireFourEyes } from './deploy-policy.ts'
import { nextAct, policyEvent } from './policy-act.ts'
import { deploymentInForce } from './policy-deployment.ts'
import { type PolicyTrial, readShare, type TrialMode } from './policy-trial.ts'
import type { PoliciesStore } from './ports.ts'

export type StartTrialCommand = Readonly<{
  skill: string
  digest: string
  mode: TrialMode
  share: number | null
  cause: Cause
}>
type EndTrialCommand = Readonly<{ skill: string; cause: Cause }>

export type TryPolicy = Readonly<{
  /**
   * Replaces the trial that there is.
   * @throws PolicyNotFoundError, PolicyVersionNotFoundError, FourEyesRequiredError, PolicyUnchangedError, BadUserInputError
   */
  start: (command: StartTrialCommand) => Promise<PolicyTrial>
  /** @throws PolicyNotFoundError, PolicyNotOnTrialError */
  end: (command: EndTrialCommand) => Promise<void>
}>

type Dependencies = Readonly<{ store: PoliciesStore; now: Clock; onCommit: () => void }>

/** Starts and ends trials of candidates. SPLIT needs a second person because the candidate acts; SHADOW does not. */
export function createTryPolicy({ store, now, onCommit }: Dependencies): TryPolicy {
  return {
    async start({ skill, digest, mode, share: asked, cause }) {
      const share = readShare(mode, asked)
      const started = await store.transact(async (transaction) => {
        const head = await getHead(transaction, skill)
        const { version, serves, ...rest } = await getVersion(transaction, { skill, digest })
        if (mode === 'SPLIT') requireFourEyes({ version, serves, ...rest }, cause.actor)
        if (serves === null) throw new BadUserInputError(['input', 'skill'], 'serves no type of issue')
        const inForce = deploymentInForce(await transaction.deploymentsOf(skill), now())
        if (inForce?.digest === digest) throw new PolicyUnchangedError(skill, digest)
        const before = await transaction.findTrial(skill)
        const act = nextAct(head, now())
        const trial = { skill, digest, version, mode, share, startedBy: cause.actor, startedAt: act.lastAt }
        await transaction.saveHead(act)
        await transaction.saveTrial(trial)
        const changes = changesOf(before, trial)
        const event = policyEvent(act, { type: 'policy.trial_started', digest, version, changes, cause })
        await transaction.addEvents([event])
        return trial
      })
      onCommit()
      return started
    },
    async end({ skill, cause }) {
      await store.transact(async (transaction) => {
        const head = await getHead(transaction, skill)
        const trial = await transaction.findTrial(skill)
        if (trial === null) throw new PolicyNotOnTrialError(skill)
        const { digest, version } = trial
        const act = nextAct(head, now())
        await transaction.saveHead(act)
        await transaction.removeTrial(skill)
        const changes = changesOf(trial, null)
        await transaction.addEvents([policyEvent(act, { type: 'policy.trial_ended', digest, version, changes, cause })])
      })
      onCommit()
    },
  }
}

function changesOf(before: PolicyTrial | null, after: PolicyTrial | null) {
  const fields = ['digest', 'version', 'mode', 'share'] as const
  return Object.fromEntries(fields.map((field) => [field, [before?.[field] ?? null, after?.[field] ?? null] as const]))
}
