import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MongoClient } from 'mongodb'
import type { Endpoint } from '../../stack/samples/graphql-client.ts'
import type { startStack } from '../../stack/stack.ts'
import { cpuMicrosPerItem, readCpuSeconds, sum } from '../processes.ts'
import { createIssues, readCourses, untilAllDecided, untilRecorded } from './drive-issues.ts'
import { type Operations, readOperations } from './operations.ts'

export type Run = Readonly<{
  issues: number
  createdPerSecond: number
  /** From the first that was created to the last that became final. */
  decidedPerSecond: number
  /** From creation to the final status, of each issue, ascending. Milliseconds. */
  tookMs: readonly number[]
  operations: Operations
  /** Microseconds of CPU per issue, by process. */
  cpu: Readonly<Record<string, number>>
}>

/** A running stack that is measured. */
export type Subject = Readonly<{
  stores: Readonly<{ mongoUri: string; redisUrl: string }>
  /** Creates issues, and measures until all are decided and audited. */
  run: (issues: number) => Promise<Run>
}> &
  AsyncDisposable

/** Starts the stack of a checked-out commit, by the modules of that commit, with data in a temporary directory. */
export async function startSubject(root: string): Promise<Subject> {
  await using resources = new AsyncDisposableStack()
  const dataDirectory = mkdtempSync(join(tmpdir(), 'redress-bench-'))
  resources.defer(() => rmSync(dataDirectory, { recursive: true, force: true }))

  const program = (await import(join(root, 'scripts/stack/stack.ts'))) as { startStack: typeof startStack }
  const environment = { PATH: process.env.PATH }
  const stack = await program.startStack({ dataDirectory, gatewayPort: 0, logLevel: 'warn', environment })
  resources.defer(() => stack.stop())
  await seed(root, stack.environmentOf('issues'))

  const { MONGODB_URI: mongoUri = '', REDIS_URL: redisUrl = '' } = stack.environmentOf('issues')
  const mongo = await MongoClient.connect(mongoUri)
  resources.defer(() => mongo.close())
  const endpoints = {
    operator: { url: stack.graphql, token: stack.tokens!.operator },
    admin: { url: stack.graphql, token: stack.tokens!.admin },
  }
  const run = createRun(endpoints, { readCpu: () => readCpuSeconds(stack), mongo })

  const opened = resources.move()
  return { stores: { mongoUri, redisUrl }, run, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function seed(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = ['issues-service/src/seed.ts', 'scripts/sample-data.json'].map((path) => join(root, path))
  await promisify(execFile)(process.execPath, program, { env })
}

type Meters = Readonly<{ readCpu: () => Readonly<Record<string, number>>; mongo: MongoClient }>

function createRun({ operator, admin }: Readonly<Record<'operator' | 'admin', Endpoint>>, { readCpu, mongo }: Meters) {
  let runs = 0
  return async (issues: number): Promise<Run> => {
    const cpuBefore = readCpu()
    const operationsBefore = await readOperations(mongo)
    const seconds = await createIssues(operator, issues, `bench-${runs++}`)
    await untilAllDecided(operator)
    await untilRecorded(admin)
    const operations = difference(operationsBefore, await readOperations(mongo))
    const cpu = cpuMicrosPerItem(cpuBefore, readCpu(), issues)

    const courses = await readCourses(operator, issues)
    const firstMs = Math.min(...courses.map(({ createdAtMs }) => createdAtMs))
    const lastMs = Math.max(...courses.map(({ finalAtMs }) => finalAtMs))
    const tookMs = courses.map(({ createdAtMs, finalAtMs }) => finalAtMs - createdAtMs).sort((a, b) => a - b)
    const decidedPerSecond = issues / ((lastMs - firstMs) / 1000)
    return { issues, createdPerSecond: issues / seconds, decidedPerSecond, tookMs, operations, cpu }
  }
}

function difference(before: Operations, after: Operations): Operations {
  return {
    insert: after.insert - before.insert,
    update: after.update - before.update,
    query: after.query - before.query,
    command: after.command - before.command,
  }
}

/** Microseconds of CPU per issue, of all processes. */
export const cpuOf = ({ cpu }: Run): number => sum(Object.values(cpu))
