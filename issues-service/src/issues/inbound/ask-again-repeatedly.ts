import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '@redress/shared/service/repeat-on-leader.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { createAskAgain } from '../use-cases/ask-again.ts'

/** Asks again for decisions that do not come, on one leader, until the service is closed. */
export function askAgainRepeatedly(service: Service, dependencies: Parameters<typeof createAskAgain>[0]): void {
  const askAgain = createAskAgain(dependencies)
  repeatOnLeader(service, {
    election: 'ask-again:issues',
    everyMs: MINUTE_MS,
    deadlineMs: MINUTE_MS,
    async run(signal) {
      const issues = await askAgain(signal)
      if (issues > 0) service.logger.warn({ issues }, 'issues wait for their decisions for too long, asked again')
    },
    onFailure: 'decisions not asked for again yet',
  })
}
