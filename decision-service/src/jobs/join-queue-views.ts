import type { QueueViews } from './queue-views.ts'

/** Several queues seen as one list, in the order in which they are given. */
export function joinQueueViews(...queues: readonly QueueViews[]): QueueViews {
  return {
    all: async () => (await Promise.all(queues.map((one) => one.all()))).flat(),
    async find(name) {
      const found = await Promise.all(queues.map((one) => one.find(name)))
      return found.find((view) => view !== null) ?? null
    },
  }
}
