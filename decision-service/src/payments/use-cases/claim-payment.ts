import { IdempotencyConflictError } from '@redress/shared/errors.ts'
import type { Clock } from '@redress/shared/time.ts'
import { digestOfPayment, formerPaymentIdFor, type PaymentInput, paymentIdFor } from '../domain/payment-input.ts'
import { PaymentInProgressError } from '../errors.ts'
import type { ClaimOutcome, Payments, Wait } from './ports.ts'

/** How long a claim is held. A decision takes seconds at most, so a claim older than this counts as lost. */
const CLAIM_HELD_MS = 30_000
/** How long a caller waits for one who asked the same before. */
const WAIT_MAX_MS = 3_000
const POLL_MS = 100

type Claimed = Extract<ClaimOutcome, { kind: 'CLAIMED' | 'DECIDED' }>
type Dependencies = Readonly<{ payments: Pick<Payments, 'claim'>; wait: Wait; now: Clock }>

/**
 * Gives the claim to decide a payment, or the payment as it was decided before.
 * @throws IdempotencyConflictError, PaymentInProgressError
 */
export function createClaimPayment({ payments, wait, now }: Dependencies) {
  return async (input: PaymentInput, actor: string): Promise<Claimed> => {
    const asked = {
      id: paymentIdFor(input, actor),
      formerId: formerPaymentIdFor(input),
      digest: digestOfPayment(input),
      input,
    }
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const at = now()
      const heldUntil = new Date(at.getTime() + CLAIM_HELD_MS)
      const outcome = await payments.claim({ ...asked, now: at, heldUntil })
      if (outcome.kind === 'OTHER_INPUT') throw new IdempotencyConflictError(input.idempotencyKey)
      if (outcome.kind !== 'HELD') return outcome
      if (waitedMs >= WAIT_MAX_MS) throw new PaymentInProgressError()
      await wait(POLL_MS)
    }
  }
}
