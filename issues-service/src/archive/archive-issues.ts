import { ACTORS } from '@redress/shared/access/actors.ts'
import { type Cause, causeOfService } from '@redress/shared/events/envelope.ts'
import { maskPersonal } from '@redress/shared/masking.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { CreateId } from '../domain/ports.ts'
import { type ArchivePolicy, type ArchiveRun, endRun, openRun, toLimits } from './archive-run.ts'
import type { ArchiveStore, Place } from './ports.ts'

/** Issues that are moved or deleted in one transaction, which has to end within its 10 seconds. */
const PAGE = 200
/** A count goes no further, so that it ends within the deadline of a request. */
const COUNT_MAX = 100_000

type Request = ArchivePolicy & Readonly<{ reason: string; cause: Cause }>
type Dependencies = Readonly<{ store: ArchiveStore; createId: CreateId; now: Clock; onCommit: () => void }>

/** Opens runs that move resolved issues to the archive and delete archived ones, and works on them. */
export function createArchive(dependencies: Dependencies) {
  const { store, createId, now, onCommit } = dependencies
  return {
    /**
     * Opens a run. A job that is delivered twice gives its id, and opens one.
     * @throws BadUserInputError
     */
    async request({ reason, cause, ...policy }: Request, id = createId()): Promise<ArchiveRun> {
      const at = now()
      const change = openRun({ id, limits: toLimits(policy, at), reason: maskPersonal(reason), cause, now: at })
      await store.add(change)
      onCommit()
      return change.run
    },

    /** The numbers of issues that a run would move and delete now, each up to 100,000. @throws BadUserInputError */
    preview: (policy: ArchivePolicy) => store.countDue(toLimits(policy, now()), COUNT_MAX),

    work: createWork(dependencies),
  }
}

export type Archive = ReturnType<typeof createArchive>

/** Ends all runs that are open, oldest first. Gives those that it has ended. */
function createWork({ store, now, onCommit }: Dependencies) {
  return async (signal: AbortSignal): Promise<readonly ArchiveRun[]> => {
    const ended: ArchiveRun[] = []
    for (let run = await store.findRunning(); run !== null; run = await store.findRunning()) {
      await workOn(run, signal)
      ended.push(await end(run.id))
    }
    return ended
  }

  async function workOn(run: ArchiveRun, signal: AbortSignal): Promise<void> {
    for (let tenant = await store.nextTenant(null); tenant !== null; tenant = await store.nextTenant(tenant)) {
      let after: Place | null = null
      do {
        signal.throwIfAborted()
        after = await store.movePage(run, { tenant, after, limit: PAGE, now: now() })
      } while (after !== null)
    }
    while ((await store.purgePage(run, PAGE)) > 0) signal.throwIfAborted()
  }

  async function end(id: string): Promise<ArchiveRun> {
    const worked = (await store.find(id))!
    const change = endRun(worked, { cause: causeOfService(ACTORS.issues), now: now() })
    await store.end(change)
    onCommit()
    return change.run
  }
}
