/**
 * Loaded into every child before its own code: kills the process STOP_MS after its supervisor has ended. A child that is
 * still importing modules, or is stuck while stopping, would otherwise outlive a killed supervisor.
 */
const STOP_MS = 2_000

const kill = () => process.kill(process.pid, 'SIGKILL')

process.once('disconnect', () => {
  setTimeout(kill, STOP_MS).unref()
  // While it exits, Node joins threads of its own and was seen to wait for one of them (DelayedTaskScheduler) for ever,
  // in process.exit and after the last task alike. By then everything is closed, and no exit code is waited for.
  process.once('exit', kill)
})
// The listener must not keep the process running.
process.channel?.unref()
