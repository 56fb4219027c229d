import { once } from 'node:events'
import { releaseStartupMemory } from '@redress/shared/process/startup-memory.ts'
import { HOUR_MS } from '@redress/shared/time.ts'
import { writeDevFile } from './stack/dev-file.ts'
import { StackError } from './stack/failure.ts'
import { printHelpIfAsked, START_HELP } from './stack/help.ts'
import type { DevTokens } from './stack/keys/dev-tokens.ts'
import { createLogPrinter } from './stack/processes/log-lines.ts'
import { showSampleIssues } from './stack/samples/show-samples.ts'
import { loadEnvironment, readStartSettings, type StartSettings } from './stack/settings.ts'
import { type Stack, startStack } from './stack/stack.ts'
import { listenForStop, type StopRequests } from './stack/stop-request.ts'
import { toWelcome } from './stack/welcome.ts'

/** Half the lifetime of a token. */
const RENEW_MS = 4 * HOUR_MS

const say = (line: string) => process.stdout.write(`${line}\n`)

if (!printHelpIfAsked(START_HELP)) process.exit(await run())

/** Runs the stack until a request to stop. Returns the exit code. */
async function run(): Promise<number> {
  const requests = listenForStop()
  try {
    const settings = readStartSettings(loadEnvironment(), process.stdout.isTTY)
    const stack = await start(settings, requests)
    await untilDone(stack, requests, introduce(stack, settings))
    return 0
  } catch (error) {
    if (requests.first.aborted) return 0
    if (!(error instanceof StackError)) throw error
    process.stderr.write(`${error.message}\n`)
    return error.exitCode
  }
}

async function start({ dataDirectory, gatewayPort, logLevel, environment }: StartSettings, { first }: StopRequests) {
  const beganAt = performance.now()
  say('Starting Redress …')
  return await startStack({
    dataDirectory,
    gatewayPort,
    environment,
    logLevel,
    signal: first,
    say,
    onLogLine: await createLogPrinter({
      isTerminal: process.stdout.isTTY,
      minimum: logLevel,
      write: (text) => process.stdout.write(text),
    }),
    onReady: ({ label }) => say(`  ${label.padEnd(10)} ready  ${((performance.now() - beganAt) / 1000).toFixed(1)} s`),
  })
}

/** Shows the samples on an empty database, and then the addresses and tokens. */
async function introduce(stack: Stack, { dataDirectory, environment }: StartSettings): Promise<never> {
  await showSampleIssues(stack, say)
  const mongodb = stack.environmentOf('issues').MONGODB_URI ?? ''
  const writeTokens = (tokens: DevTokens | null) =>
    writeDevFile(dataDirectory, { graphql: stack.graphql, mongodb, tokens: tokens ?? {} })
  writeTokens(stack.tokens)
  setInterval(() => void stack.renewTokens().then(writeTokens), RENEW_MS).unref()
  say(toWelcome(stack, { dataDirectory, isEmbedded: environment.MONGODB_URI === undefined }))
  releaseStartupMemory()
  return await stack.broken
}

/** Waits for a request to stop or a failure of the stack, and then stops all processes. */
async function untilDone(stack: Stack, { first, second }: StopRequests, introduced: Promise<never>): Promise<void> {
  try {
    await Promise.race([untilAborted(first), introduced, stack.broken])
  } finally {
    introduced.catch(() => {})
    say('Stopping …')
    await Promise.race([stack.stop(), untilAborted(second).then(stack.kill)])
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
