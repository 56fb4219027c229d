import type { Service } from '@redress/shared/service/open-service.ts'
import { repeatOnLeader } from '@redress/shared/service/repeat-on-leader.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { createIntake, type IntakeOptions } from './create-intake.ts'
import { exposeIntake } from './intake-metrics.ts'

/** Also where another process has accepted the events, so that none needs to be woken. */
const EVERY_MS = 500

type Dependencies = Pick<IntakeOptions, 'collections' | 'outbox' | 'blindIndex' | 'createId' | 'dueHours' | 'now'>

/** Opens the intake of payment events, which applies them on one leader until the service is closed. */
export function openIntake(service: Service, dependencies: Dependencies) {
  const { mongo, db, metrics, logger } = service
  const intake = createIntake({
    ...{ mongo, db, ...dependencies, random: Math.random },
    count: exposeIntake(metrics, dependencies.collections.paymentEvents),
    onAttempt({ id: eventId, event: { type } }, failed) {
      if (failed === null) return
      const { attempts, failure, nextAttemptAt } = failed
      const level = nextAttemptAt === null ? 'error' : 'warn'
      logger[level]({ eventId, type, attempts, code: failure.code, nextAttemptAt }, 'payment event not applied')
    },
    onUnexpected: (err, { id: eventId }) => logger.error({ err, eventId }, 'unexpected error of a payment event'),
  })
  repeatOnLeader(service, {
    election: 'payment-events:issues',
    everyMs: EVERY_MS,
    deadlineMs: MINUTE_MS,
    run: intake.applyEvents,
    onFailure: 'payment events not applied yet',
  })
  return intake
}
