import { spawnSync } from 'node:child_process'
import { fromRoot } from '../repository.ts'

/** Runs a program of a service on this terminal to its end, and gives its exit code. */
export function runProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const { status } = spawnSync(process.execPath, [fromRoot(program), ...args], { env, stdio: 'inherit' })
  return status ?? 1
}
