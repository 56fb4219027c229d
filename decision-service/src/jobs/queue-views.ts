export type JobCounts = Readonly<{
  waiting: number
  active: number
  delayed: number
  completed: number
  failed: number
}>
export type QueueView = Readonly<{
  name: string
  tier: 'CRITICAL' | 'IMPORTANT' | 'EPHEMERAL'
  paused: boolean
  counts: JobCounts
  oldestWaitingSeconds: number | null
}>

export type QueueViews = Readonly<{
  all(): Promise<readonly QueueView[]>
  find(name: string): Promise<QueueView | null>
}>
