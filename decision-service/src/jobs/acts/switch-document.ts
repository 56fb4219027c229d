import { type CollectionDefinition, defineCollection } from '@redress/shared/stores/collections.ts'
import type { QueueName } from '../frame/queues.ts'

/** Whether a queue is paused, and who last changed that. A queue that was never paused has none. */
export type SwitchDocument = { _id: QueueName; paused: boolean; reason: string; actor: string; updatedAt: Date }

export const QUEUE_SWITCHES: CollectionDefinition<SwitchDocument> = defineCollection<SwitchDocument>({
  name: 'queue_switches',
})
