/** A request that the gateway refused, for the record. */
export type Refusal = Readonly<{
  /** One of the schema's `RefusalReason`, which the audit service turns into the act that it records. */
  reason: RefusalReason
  /** By verified credentials, or a token with a valid signature; null if none is known. */
  callerId: string | null
  /** Null where the address does not matter, as for the limit of a caller. */
  clientIp: string | null
  /** The permission that was missing; null for other reasons. */
  permission: string | null
}>

export type RefusalReason =
  | 'INVALID_CREDENTIALS'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_LIFETIME'
  | 'TOKEN_REVOKED'
  | 'BAN'
  | 'ADDRESS_BANNED'
  | 'ADDRESS_LIMITED'
  | 'CALLER_LIMITED'
  | 'FORBIDDEN'

/** Counts a refusal for the record. Costs well under a microsecond, and never throws. */
export type NoteRefusal = (refusal: Refusal) => void

/** The number of refusals of one minute that have the reason and the caller, network and permission in common. */
export type CountedRefusals = Readonly<{
  reason: RefusalReason
  callerId: string | null
  /** Masked; null for several. */
  network: string | null
  permission: string | null
  count: number
  firstAt: string
  lastAt: string
}>
