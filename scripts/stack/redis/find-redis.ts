import { spawnSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { StackError } from '../failure.ts'

const PROGRAMS = ['redis-server', 'valkey-server'] as const

const INSTALL_HINT = `Redis is missing: install redis-server (Debian, Ubuntu: apt-get install redis-server; \
Fedora: dnf install valkey; macOS: brew install redis), or set REDIS_URL to a Redis of your own.`

export type Machine = Readonly<{ path: string; osRelease: string; isRoot: boolean }>

export function readMachine(environment: NodeJS.ProcessEnv): Machine {
  return { path: environment.PATH ?? '', osRelease: readOsRelease(), isRoot: process.getuid?.() === 0 }
}

/** The path of the Redis program. Installs Redis when it is missing and apt-get can install it. @throws StackError */
export function findOrInstallRedis(machine: Machine, say: (line: string) => void): string {
  const found = findProgram(machine.path)
  if (found !== null) return found
  if (!canInstall(machine)) throw new StackError(INSTALL_HINT)

  say('Redis is missing: installing redis-server with apt-get …')
  install(machine.path, ['update'])
  install(machine.path, ['install', '-y', '--no-install-recommends', 'redis-server'])
  const installed = findProgram(machine.path)
  if (installed === null) throw new StackError(INSTALL_HINT)
  say(`Installed ${installed}.`)
  return installed
}

function findProgram(path: string): string | null {
  const candidates = PROGRAMS.flatMap((name) => path.split(delimiter).map((directory) => join(directory, name)))
  return candidates.find(isExecutable) ?? null
}

const canInstall = ({ osRelease, isRoot, path }: Machine) =>
  isRoot &&
  /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(osRelease) &&
  path.split(delimiter).some((directory) => isExecutable(join(directory, 'apt-get')))

function install(path: string, args: readonly string[]): void {
  const { status } = spawnSync('apt-get', args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    // In runlevel 1 the package does not start Redis as a service.
    env: { ...process.env, PATH: path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  })
  if (status !== 0) throw new StackError(`apt-get ${args[0]} failed. ${INSTALL_HINT}`)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8')
  } catch {
    return ''
  }
}
