import { createHmac, timingSafeEqual } from 'node:crypto'
import { UnauthenticatedError } from '@redress/shared/errors.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'

/** How far the moment of a signature may be from now: a recorded request cannot be sent again later. */
export const TOLERANCE_MS = 5 * MINUTE_MS
/** Seconds since 1970, and one to five signatures: two while a secret is replaced. */
const FORM = /^t=(\d{1,12})((?:,v1=[0-9a-f]{64}){1,5})$/

/** `t=…,v1=…`: the HMAC-SHA256 of the moment in seconds, a dot and the body, in hexadecimal digits. */
export function sign(body: Buffer | string, { secret, atMs }: Readonly<{ secret: string; atMs: number }>): string {
  const seconds = String(Math.floor(atMs / 1_000))
  return `t=${seconds},v1=${hmacOf(secret, seconds, body).toString('hex')}`
}

/** @throws UnauthenticatedError where the signature is missing or malformed, of another moment, or not that of the body. */
export function verifySignature(
  header: string | null,
  body: Buffer,
  { secret, nowMs }: Readonly<{ secret: string; nowMs: number }>,
): void {
  const [, seconds, signatures] = FORM.exec(header ?? '') ?? []
  if (seconds === undefined || signatures === undefined) {
    throw new UnauthenticatedError('Send the signature of the body (X-Redress-Signature: t=…,v1=…).')
  }
  if (Math.abs(nowMs - Number(seconds) * 1_000) > TOLERANCE_MS) {
    throw new UnauthenticatedError('The signature is not of the last five minutes. Look at the clock, and sign again.')
  }
  const expected = hmacOf(secret, seconds, body)
  const given = signatures.slice(1).split(',')
  const isOurs = given.some((one) => timingSafeEqual(expected, Buffer.from(one.slice('v1='.length), 'hex')))
  if (!isOurs) throw new UnauthenticatedError('The signature is not that of this body.')
}

function hmacOf(secret: string, seconds: string, body: Buffer | string): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()
}
