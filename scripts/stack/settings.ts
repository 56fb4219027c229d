import { existsSync } from 'node:fs'
import { fromRoot } from '../repository.ts'
import { StackError } from './failure.ts'
import { LEVELS, type Level } from './processes/log-lines.ts'

const PORT_DEFAULT = 4000

export type StartSettings = Readonly<{
  dataDirectory: string
  gatewayPort: number
  logLevel: Level
  /** What is set, by `.env` or before it; an empty variable counts as not set. */
  environment: NodeJS.ProcessEnv
}>

/** Adds what `.env` says to what is set already. @throws StackError */
export function loadEnvironment(): NodeJS.ProcessEnv {
  const file = fromRoot('.env')
  if (existsSync(file)) process.loadEnvFile(file)
  return Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''))
}

export function dataDirectoryOf(environment: NodeJS.ProcessEnv): string {
  return fromRoot(environment.REDRESS_DATA ?? '.data')
}

/** @throws StackError naming the variable that cannot be used. */
export function readStartSettings(environment: NodeJS.ProcessEnv, isTerminal: boolean): StartSettings {
  const gatewayPort = Number(environment.PORT ?? PORT_DEFAULT)
  if (!Number.isInteger(gatewayPort) || gatewayPort < 0 || gatewayPort > 65_535) {
    throw new StackError('PORT must be a number from 0 to 65535.', { exitCode: 78 })
  }
  // Somebody at a terminal wants to see the issues being decided; a program that reads us wants the facts.
  const logLevel = environment.LOG_LEVEL ?? (isTerminal ? 'warn' : 'info')
  if (!isLevel(logLevel))
    throw new StackError(`LOG_LEVEL must be one of ${Object.keys(LEVELS).join(', ')}.`, { exitCode: 78 })
  return { dataDirectory: dataDirectoryOf(environment), gatewayPort, logLevel, environment }
}

const isLevel = (text: string): text is Level => Object.hasOwn(LEVELS, text)
