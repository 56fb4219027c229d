import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ReadyMessage } from '@redress/shared/process/lifecycle.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export type Server = Readonly<{ uri: string; pid: number; kill(): Promise<void> }>

/** A development database in a process of its own, so that a test can kill it. */
export async function spawnServer(path: string, port = 0): Promise<Server> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, DEVDB_PATH: path, DEVDB_PORT: String(port) }
  const child = fork(MAIN, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(said)))
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [ReadyMessage]
  ended.catch(() => undefined)
  return { uri: message.url, pid: child.pid!, kill: () => kill(child) }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
