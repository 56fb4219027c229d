import { BadUserInputError } from '@redress/shared/errors.ts'
import { placeOf } from '../../domain/sampling.ts'

/** SHADOW decides every case alongside and never acts; SPLIT decides for a share of the customers. */
export type TrialMode = 'SHADOW' | 'SPLIT'

/** A trial of a candidate beside the policy in force. */
export type PolicyTrial = Readonly<{
  skill: string
  digest: string
  version: string
  mode: TrialMode
  /** The part of the customers whose issues it decides: above 0 and at most 0.5 for SPLIT, 0 for SHADOW. */
  share: number
  startedBy: string
  startedAt: Date
}>

/** A candidate that decides for more than this is no trial any more. */
const SHARE_MAX = 0.5

/** @throws BadUserInputError for a share that does not go with the mode. */
export function readShare(mode: TrialMode, share: number | null): number {
  const path = ['input', 'share']
  if (mode === 'SHADOW') {
    if (share !== null && share !== 0) throw new BadUserInputError(path, 'is for SPLIT only: a shadow never acts')
    return 0
  }
  if (share === null || !(share > 0 && share <= SHARE_MAX)) {
    throw new BadUserInputError(path, `must be more than 0 and at most ${SHARE_MAX}`)
  }
  return share
}

/**
 * Whether a candidate decides for a customer: always the same ones, and with a greater share those and more. Another
 * candidate meets other customers first.
 */
export function isInShare({ skill, digest, mode, share }: PolicyTrial, customerId: string): boolean {
  return mode === 'SPLIT' && placeOf(JSON.stringify([skill, digest, customerId])) < share
}
