/** The health check of a container: exits with 0 when its process is ready, else with 1. */
const { HEALTH_URL } = process.env
const TIMEOUT_MS = 8_000

const isReady = await fetch(HEALTH_URL ?? '', { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  ({ ok }) => ok,
  () => false,
)
process.exit(isReady ? 0 : 1)
