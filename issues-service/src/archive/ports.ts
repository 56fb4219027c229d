import type { ArchiveLimits, ArchiveRun, ArchiveRunChange } from './archive-run.ts'

/** The place of an issue in the order in which they are moved. */
export type Place = Readonly<{ createdAt: Date; id: string }>

export type Page = Readonly<{ tenant: string; after: Place | null; limit: number; now: Date }>

export type ArchiveStore = Readonly<{
  /** Stores a run with its event; nothing where it is known already. */
  add(change: ArchiveRunChange): Promise<void>
  find(id: string): Promise<ArchiveRun | null>
  /** The oldest one that has not ended; null without one. */
  findRunning(): Promise<ArchiveRun | null>
  /** The tenant that follows another one in the order of their names, or the first; null after the last. */
  nextTenant(after: string | null): Promise<string | null>
  /** Moves the next issues beyond a place in one transaction, and counts them. Gives the last one's place, null after all. */
  movePage(run: ArchiveRun, page: Page): Promise<Place | null>
  /** Deletes the next archived issues in one transaction, and counts them. Gives their number. */
  purgePage(run: ArchiveRun, limit: number): Promise<number>
  /** Stores the end of a run with its event; nothing where it has ended already. */
  end(change: ArchiveRunChange): Promise<void>
  /** How many issues a run with these limits would move and delete, each up to `max`. */
  countDue(limits: ArchiveLimits, max: number): Promise<Readonly<{ toMove: number; toPurge: number }>>
  statistics(): Promise<ArchiveStatistics>
}>

export type ArchiveStatistics = Readonly<{
  live: number
  archived: number
  /** When the oldest archived issue was resolved; null without one. */
  oldestResolvedAt: Date | null
}>
