/** All limits of subscriptions. Those in `Limits` are options; the others are constants. */
export type Limits = Readonly<{
  subscriptionsPerPrincipalMax: number
  subscriptionsPerProcessMax: number
  subscriptionsPerSocketMax: number
  socketsPerAddressMax: number
  /** Bytes buffered for one client, beyond which it is a slow reader. */
  bufferedBytesMax: number
}>

export const DEFAULT_LIMITS: Limits = {
  subscriptionsPerPrincipalMax: 100,
  subscriptionsPerProcessMax: 10_000,
  subscriptionsPerSocketMax: 100,
  socketsPerAddressMax: 1_000,
  bufferedBytesMax: 1024 * 1024,
}

/** Answers that are computed at the same time, in the whole process. */
export const ANSWERS_AT_ONCE_MAX = 64
/** The same for one group; answers are delivered in order nevertheless. */
export const ANSWERS_AT_ONCE_PER_GROUP_MAX = 8
/** Events that wait in all groups, beyond which the streams are not read any further. Redis keeps the events. */
export const EVENTS_WAITING_MAX = 2_000
/** Time limit of an answer, after which the result is an error. */
export const ANSWER_TIMEOUT_MS = 10_000
/** Time and size for which answers are kept: many subscribers that catch up missed the same events. */
export const ANSWERS_KEPT_MS = 10_000
export const ANSWERS_KEPT_BYTES_MAX = 16 * 1024 * 1024

/** Entries read from a stream at once, live and to catch up. */
export const PAGE_EVENTS = 200
/** Parsed entries that are cached. */
export const ENTRIES_KEPT_MAX = 2_000
/** Pages that are read at the same time to catch up. */
export const PAGES_AT_ONCE_MAX = 8
/** While catching up, bytes buffered for a client above which nothing is sent, and how long until it is a slow reader. */
export const CATCH_UP_BUFFERED_BYTES_MAX = 64 * 1024
export const CATCH_UP_STALLED_MS = 30_000

/** Writes to subscribers after which the event loop gets a turn. */
export const WRITES_PER_TURN = 500

/** Before an event is delivered, revocation is checked again if the last check is older than this. */
export const VALIDITY_FRESH_MS = 1_000
/** Without events, expired credentials are noticed within SWEEP_MS, revoked ones within VALIDITY_IDLE_MS. */
export const SWEEP_MS = 1_000
export const VALIDITY_IDLE_MS = 10_000
export const VALIDITY_TIMEOUT_MS = 1_000

/** Time to deliver the events already read when the gateway stops. */
export const DRAIN_MS = 5_000

export const MESSAGE_BYTES_MAX = 1024 * 1024
export const INIT_TIMEOUT_MS = 3_000
/** Interval of pings. A client that has not answered by the next one counts as gone. */
export const PING_EVERY_MS = 25_000

/** Open sockets, with or without subscriptions. */
export const SOCKETS_MAX = 10_000
/** Time for a client to read the end before its connection is destroyed. */
export const CLOSING_MS = 5_000
