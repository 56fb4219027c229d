/**
 * Loaded into every child before its own code: ends the process when its supervisor is gone, at the latest
 * when it has had the time to stop by itself. Needed because a child that is still importing its modules, or
 * is stuck while stopping, would outlive a supervisor that was killed.
 */
const STOP_MS = 2_000

// Not process.exit: a worker once waited for its own threads there, for ever. What runs here may be killed at any time.
process.once('disconnect', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS).unref())
// Listening must not be what keeps the process running.
process.channel?.unref()
