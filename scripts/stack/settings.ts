import { existsSync } from 'node:fs'
import { fromRoot } from '../repository.ts'
import { StackError } from './failure.ts'
import { LEVELS, type Level } from './processes/log-lines.ts'

const PORT_DEFAULT = 4000

export type StartSettings = Readonly<{
  dataDirectory: string
  gatewayPort: number
  logLevel: Level
  /** The variables of the shell and of `.env`, without empty ones. */
  environment: NodeJS.ProcessEnv
}>

/** The variables of the shell and of `.env`. The shell takes precedence; empty variables are left out. */
export function loadEnvironment(): NodeJS.ProcessEnv {
  const file = fromRoot('.env')
  if (existsSync(file)) process.loadEnvFile(file)
  return Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
}

export function dataDirectoryOf(environment: NodeJS.ProcessEnv): string {
  return fromRoot(environment.REDRESS_DATA ?? '.data')
}

/** @throws StackError naming the invalid variable. */
export function readStartSettings(environment: NodeJS.ProcessEnv, isTerminal: boolean): StartSettings {
  const gatewayPort = Number(environment.PORT ?? PORT_DEFAULT)
  if (!Number.isInteger(gatewayPort) || gatewayPort < 0 || gatewayPort > 65_535) {
    throw new StackError('PORT must be a number from 0 to 65535.', { exitCode: 78 })
  }
  // On a terminal, log lines would hide the sample issues.
  const logLevel = environment.LOG_LEVEL ?? (isTerminal ? 'warn' : 'info')
  if (!isLevel(logLevel))
    throw new StackError(`LOG_LEVEL must be one of ${Object.keys(LEVELS).join(', ')}.`, { exitCode: 78 })
  return { dataDirectory: dataDirectoryOf(environment), gatewayPort, logLevel, environment }
}

const isLevel = (text: string): text is Level => Object.hasOwn(LEVELS, text)
