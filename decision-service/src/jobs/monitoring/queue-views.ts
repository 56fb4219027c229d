import type { Tier } from '../frame/registry.ts'

export type JobCounts = Readonly<{
  waiting: number
  active: number
  delayed: number
  completed: number
  failed: number
}>
export type QueueView = Readonly<{
  name: string
  tier: Tier
  paused: boolean
  counts: JobCounts
  oldestWaitingSeconds: number | null
}>

export type QueueViews = Readonly<{
  all(): Promise<readonly QueueView[]>
  find(name: string): Promise<QueueView | null>
}>

type ViewableQueue = Readonly<{ name: string; view(): Promise<QueueView> }>

/** Queues as callers read them, in the given order. */
export function createQueueViews(queues: readonly ViewableQueue[]): QueueViews {
  return {
    all: () => Promise.all(queues.map((queue) => queue.view())),
    find: async (name) => queues.find((queue) => queue.name === name)?.view() ?? null,
  }
}
