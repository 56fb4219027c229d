import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '@redress/shared/service/repeat-on-leader.ts'
import { HOUR_MS } from '@redress/shared/time.ts'
import type { Archive } from './archive-issues.ts'

/** Works on the runs of the archive, on one leader, until the service is closed. */
export function archiveRepeatedly(service: Service, { work }: Pick<Archive, 'work'>): void {
  repeatOnLeader(service, {
    election: 'archive:issues',
    everyMs: 10 * 1_000,
    deadlineMs: HOUR_MS,
    async run(signal) {
      for (const { id, moved, purged } of await work(signal))
        service.logger.info({ run: id, moved, purged }, 'archived')
    },
    onFailure: 'the archive is not up to date',
  })
}
