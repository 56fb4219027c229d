import type { QueueViews } from '../monitoring/queue-views.ts'

export function createQueueResolvers(queues: QueueViews) {
  return {
    Query: { queues: () => queues.all() },
    Queue: { __resolveReference: ({ name }: { name: string }) => queues.find(name) },
  }
}
