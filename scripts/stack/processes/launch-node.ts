import { type ChildProcess, spawn } from 'node:child_process'

/** A process that was started, and the promise of the address at which it serves; it never rejects. */
export type Launched = Readonly<{ child: ChildProcess; ready: Promise<string> }>

const END_WITH_SUPERVISOR = String(new URL('end-with-supervisor.ts', import.meta.url))

/** Starts a Node program of ours: it says by message when it serves, and ends when this process does. */
export function launchNode(file: string, environment: NodeJS.ProcessEnv): Launched {
  const child = spawn(process.execPath, ['--import', END_WITH_SUPERVISOR, file], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its own process group: Ctrl-C reaches the supervisor only, which stops its children in order.
    detached: true,
  })
  const { promise, resolve } = Promise.withResolvers<string>()
  child.on('message', (message: unknown) => {
    if (isReadyMessage(message)) resolve(message.url)
  })
  return { child, ready: promise }
}

function isReadyMessage(message: unknown): message is { ready: true; url: string } {
  return typeof message === 'object' && message !== null && 'ready' in message && 'url' in message
}
