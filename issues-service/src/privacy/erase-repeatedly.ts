import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '@redress/shared/service/repeat-on-leader.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { createEraseTexts } from './erase-texts.ts'

const EVERY_MS = 10_000

/** Erases the texts of erased customers, on one leader, until the service is closed. */
export function eraseTextsRepeatedly(service: Service, dependencies: Parameters<typeof createEraseTexts>[0]): void {
  repeatOnLeader(service, {
    election: 'erase-texts:issues',
    everyMs: EVERY_MS,
    deadlineMs: MINUTE_MS,
    run: createEraseTexts(dependencies),
    onFailure: 'texts of erased customers not erased yet',
  })
}
