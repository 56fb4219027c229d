import { hash } from 'node:crypto'
import { isQueueName, type QueueName } from '../frame/queues.ts'

/** `job_`, the queue, and a UUID; or, where the job has an idempotency key, `k` and a hash of its type and key. */
const FORM = /^job_([a-z]+)_(k?)[0-9a-f-]{32,36}$/
/** The beginning of an id with the hash of a key. */
const KEYED = /^job_[a-z]+_k/

export function newJobId(queue: QueueName, uuid: string): string {
  return `job_${queue}_${uuid}`
}

/** The same for equal types and keys, so that each store recognises a repetition. */
export function keyedJobId(queue: QueueName, type: string, key: string): string {
  return `job_${queue}_k${hash('sha256', JSON.stringify([type, key]), 'hex').slice(0, 32)}`
}

/** The queue of a job; null for an id that no order has made. */
export function queueOfId(id: string): QueueName | null {
  const queue = FORM.exec(id)?.[1] ?? ''
  return isQueueName(queue) ? queue : null
}

export function isKeyedId(id: string): boolean {
  return KEYED.test(id)
}
