import { createNodeRedisClient, type JobsOptions, Queue, Worker } from 'bullmq'
import { createClient } from 'redis'
import { type Contestant, createCountdown } from './contestant.ts'

/** BullMQ alone: `Queue.add` and a `Worker`, with the options that the platform gives to the same jobs. */
export async function openRaw(redisUrl: string, name: string, options: JobsOptions) {
  // Without the client's timers for each command, which would fire while the platform is measured.
  const redis = createClient({ url: redisUrl, commandOptions: { timeout: undefined } as never })
  redis.on('error', () => undefined)
  await redis.connect()
  const connection = createNodeRedisClient(redis as never)
  const queue = new Queue(name, { connection })
  await queue.waitUntilReady()
  const contestant: Contestant = {
    add: (data) => queue.add('job', data, options),
    async work(jobs, concurrency) {
      const { ran, tookMs } = createCountdown(jobs, () => queue.getActiveCount())
      const worker = new Worker(name, ran, { connection, concurrency })
      const ms = await tookMs()
      await worker.close()
      return ms
    },
    clear: () => queue.obliterate({ force: true }),
  }
  return {
    contestant,
    async close() {
      await queue.close()
      redis.destroy()
    },
  }
}
