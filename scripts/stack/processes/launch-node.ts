import { type ChildProcess, spawn } from 'node:child_process'

/** A started process. `ready` resolves to the address at which it serves, and never rejects. */
export type Launched = Readonly<{ child: ChildProcess; ready: Promise<string> }>

const END_WITH_SUPERVISOR = String(new URL('end-with-supervisor.ts', import.meta.url))

/** Starts a Node program of Redress, which sends a message when it serves and ends with this process. */
export function launchNode(file: string, environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Launched {
  const child = spawn(process.execPath, [...flags, '--import', END_WITH_SUPERVISOR, file], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own: Ctrl-C reaches only the supervisor, which stops its children in order.
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
