/** Every limit of the subscriptions in one place. Those in `Limits` may be set; the others are decisions. */
export type Limits = Readonly<{
  subscriptionsPerPrincipalMax: number
  subscriptionsPerProcessMax: number
  subscriptionsPerSocketMax: number
  /** Bytes that wait to be taken by one client; beyond it the client is a slow reader. */
  bufferedBytesMax: number
}>

export const DEFAULT_LIMITS: Limits = {
  subscriptionsPerPrincipalMax: 100,
  subscriptionsPerProcessMax: 10_000,
  subscriptionsPerSocketMax: 100,
  bufferedBytesMax: 1024 * 1024,
}

/** Answers that are worked out at the same time, in the whole process. */
export const ANSWERS_AT_ONCE_MAX = 64
/** Of one group; they are delivered in order all the same. */
export const ANSWERS_AT_ONCE_PER_GROUP_MAX = 8
/** Events that wait in groups, in the whole process; beyond it the streams are not read on. Redis keeps what comes. */
export const EVENTS_WAITING_MAX = 2_000
/** An answer that takes longer is an error result. */
export const ANSWER_TIMEOUT_MS = 10_000
/** Answers are kept this long and to this size for those who catch up, many of whom missed the same events. */
export const ANSWERS_KEPT_MS = 10_000
export const ANSWERS_KEPT_BYTES_MAX = 16 * 1024 * 1024

/** Events read from a stream at once, live and to catch up. */
export const PAGE_EVENTS = 200
/** Entries that are kept as they were understood. */
export const ENTRIES_KEPT_MAX = 2_000
/** Pages that are read at the same time by those who catch up. */
export const PAGES_AT_ONCE_MAX = 8
/** Who catches up is sent more only while less than this waits to be taken, and is a slow reader after this time. */
export const CATCH_UP_BUFFERED_BYTES_MAX = 64 * 1024
export const CATCH_UP_STALLED_MS = 30_000

/** Event ids that are remembered per stream, to know those that are published again; 100 a second for 15 minutes. */
export const REMEMBERED_IDS_MAX = 100_000
/** Subscribers that are written to before others get a turn. */
export const WRITES_PER_TURN = 500

/** Before an event is delivered, whether the caller was revoked is asked again if the last answer is older than this. */
export const VALIDITY_FRESH_MS = 1_000
/** Without events too, expiry shows after the one time at the latest, and revocation after the other. */
export const SWEEP_MS = 1_000
export const VALIDITY_IDLE_MS = 10_000
export const VALIDITY_TIMEOUT_MS = 1_000

/** What waits to be delivered when the gateway stops is given this long. */
export const DRAIN_MS = 5_000

export const MESSAGE_BYTES_MAX = 1024 * 1024
export const INIT_TIMEOUT_MS = 3_000
/** A client that does not answer a ping until the next one is gone. */
export const PING_EVERY_MS = 25_000

/** Sockets that are open at a time, with or without subscriptions. */
export const SOCKETS_MAX = 10_000
/** A client that is told goodbye has this long to hear it. */
export const CLOSING_MS = 5_000
