/**
 * Loaded into every child before its own code: kills the process STOP_MS after its supervisor has ended. A child that is
 * still importing modules, or is stuck while stopping, would otherwise outlive a killed supervisor.
 */
const STOP_MS = 2_000

// Not process.exit, in which a worker once waited for its own threads for ever. Every process may be killed at any time.
process.once('disconnect', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS).unref())
// The listener must not keep the process running.
process.channel?.unref()
