/** Asks the process of this container whether it is ready; the exit code is for the container's health check. */
const { HEALTH_URL } = process.env
const TIMEOUT_MS = 8_000

const isReady = await fetch(HEALTH_URL ?? '', { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  ({ ok }) => ok,
  () => false,
)
process.exit(isReady ? 0 : 1)
