import { setTimeout as pause } from 'node:timers/promises'
import type { Contestant } from './contestants.ts'
import { type HttpLane, openHttpLane } from './http-lane.ts'
import { type BenchOperation, bodyOf } from './operations.ts'
import { readCpuMicros, readRssMegabytes } from './process-usage.ts'

/** One contestant with one operation for some time. Latencies in milliseconds, CPU in microseconds per request. */
export type Round = Readonly<{ cpu: number; perSecond: number; rss: number; latencies: readonly number[] }>

/** Sends operations to one contestant over a fixed number of connections. */
export type Load = Readonly<{
  ask: (operation: BenchOperation, number: number) => Promise<string>
  run: (operation: BenchOperation, options: RunOptions) => Promise<Round>
}>
type RunOptions = Readonly<{
  seconds: number
  /** The expected length of every answer. Another length is an error, or not the same work. */
  bytes: number
}>

/** The pause before reading the CPU: work after the last answer counts, work of the previous round does not. */
const SETTLE_MS = 20

export function createLoad({ name, url, pid, tokens }: Contestant): Load {
  // Never repeated in a process, so that no cache and no de-duplication answers.
  let next = 0

  const run = async (operation: BenchOperation, { seconds, bytes }: RunOptions): Promise<Round> => {
    const path = name === 'floor' ? `/${bytes}` : '/graphql'
    const latencies: number[] = []
    // New for each round, because servers close idle connections (Node after five seconds).
    const lanes = await Promise.all(tokens.map(() => openHttpLane(url)))
    const cpuBefore = readCpuMicros(pid)
    const beganAt = performance.now()
    const endsAt = beganAt + seconds * 1000

    const drive = async (lane: HttpLane, head: string) => {
      for (let sentAt = performance.now(); sentAt < endsAt; ) {
        const answer = await lane.send(toRequest(head, bodyOf(operation, next++)))
        const answeredAt = performance.now()
        latencies.push(answeredAt - sentAt)
        sentAt = answeredAt
        if (answer.length !== bytes) throw new Error(`${name} gave another answer: ${answer.toString().slice(0, 500)}`)
      }
    }
    await Promise.all(lanes.map((lane, at) => drive(lane, toHead(path, tokens[at]!))))
    const perSecond = latencies.length / ((performance.now() - beganAt) / 1000)
    await pause(SETTLE_MS)
    const cpu = (readCpuMicros(pid) - cpuBefore) / latencies.length
    for (const lane of lanes) lane.close()
    return { cpu, perSecond, rss: readRssMegabytes(pid), latencies }
  }

  return {
    run,
    async ask(operation, number) {
      const lane = await openHttpLane(url)
      const answer = await lane.send(toRequest(toHead('/graphql', tokens[0]!), bodyOf(operation, number)))
      lane.close()
      return answer.toString()
    },
  }
}

const toHead = (path: string, token: string) =>
  [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'accept: application/json',
    'content-type: application/json',
    `authorization: Bearer ${token}`,
    'content-length: ',
  ].join('\r\n')

/** The text must be ASCII. */
const toRequest = (head: string, body: string) => `${head}${body.length}\r\n\r\n${body}`
