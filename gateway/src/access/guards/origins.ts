/** Origins that browsers may call from, besides the gateway's own. */
export type Origins = ReadonlySet<string>

const METHODS = 'GET, POST'
const REQUEST_HEADERS = [
  'authorization, content-type, x-api-key, x-request-id, traceparent',
  'x-query-cost, apollo-require-preflight, x-apollo-operation-name, graphql-require-preflight',
].join(', ')
/** Headers of an answer that a page may read. */
const ANSWER_HEADERS = 'x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after'
const PREFLIGHT_SECONDS = 600

/**
 * Reads a comma-separated list of exact origins, as `CORS_ORIGINS` holds it.
 * @throws for anything else: a path, a wildcard, a missing scheme.
 */
export function readOrigins(text: string): Origins {
  const origins = text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
  const wrong = origins.find((origin) => originOf(origin) !== origin || !/^https?:[^*]+$/.test(origin))
  if (wrong !== undefined) throw new Error(`${wrong} is not an origin, as https://console.example.com is one.`)
  return new Set(origins)
}

export function isOrigins(text: string): boolean {
  try {
    readOrigins(text)
    return true
  } catch {
    return false
  }
}

/**
 * Whether the origin of a request is allowed: none, that of this host, or one on the list. Browsers open WebSockets
 * without a preflight request, so for those it must be checked here.
 */
export function isAllowedOrigin(origins: Origins, { origin, host }: From): boolean {
  if (origin === null || origins.has(origin)) return true
  // Compared by host alone: behind a proxy that terminates TLS the scheme differs.
  return host !== null && originOf(origin) === origin && new URL(origin).host === host.toLowerCase()
}

/** The headers `Origin` and `Host`; null where they are not sent. */
export type From = Readonly<{ origin: string | null; host: string | null }>

/** The CORS headers of an answer. Cookies are never allowed: credentials are sent in headers. */
export function corsHeaders(origins: Origins, origin: string | null): Readonly<Record<string, string>> {
  if (origins.size === 0) return {}
  if (origin === null || !origins.has(origin)) return { vary: 'Origin' }
  return { vary: 'Origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': ANSWER_HEADERS }
}

/** The additional headers of a preflight answer; none for an origin that is not on the list. */
export function preflightHeaders(origins: Origins, origin: string | null): Readonly<Record<string, string>> {
  if (origin === null || !origins.has(origin)) return {}
  return {
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  }
}

function originOf(text: string): string | null {
  return URL.canParse(text) ? new URL(text).origin : null
}

/** The names in a list by comma. */
export function readHosts(text: string): ReadonlySet<string> {
  return new Set(text.split(',').map((host) => host.trim().toLowerCase()))
}
