import { randomUUID } from 'node:crypto'
import type { Logger } from '@redress/shared/process/logger.ts'
import { startRepeating } from '@redress/shared/process/repeat.ts'
import { succeedsWithin } from '@redress/shared/resilience/deadline.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { type } from 'arktype'
import type { AskAudit } from '../ask-audit.ts'
import type { CountedRefusals, NoteRefusal } from './refusal.ts'
import { createRefusalTally } from './refusal-tally.ts'

const MUTATION = `mutation RecordRefusals($batchId: ID!, $refusals: [RefusalsInput!]!) {
  recordRefusals(batchId: $batchId, refusals: $refusals)
}`
const Answer = type({ 'errors?': 'undefined', data: { recordRefusals: 'number' } })

/** Minutes that are kept while the audit service is away; older ones are dropped, and logged. */
const BATCHES_MAX = 60
/** Time to send the last minute when the gateway stops. */
const LAST_MS = 1_000

export type RefusalLog = Readonly<{ note: NoteRefusal; close: () => Promise<void> }>

export const NO_REFUSAL_LOG: RefusalLog = { note: () => {}, close: async () => {} }

type Batch = Readonly<{ batchId: string; refusals: readonly CountedRefusals[] }>
type Options = Readonly<{
  askAudit: AskAudit
  everyMs?: number
  now?: () => number
  logger: Logger
}>

/** Sends refusals to the record once a minute, each batch until it was recorded; a repeat of a batch changes nothing. */
export function createRefusalLog({ askAudit, everyMs = MINUTE_MS, now = Date.now, logger }: Options): RefusalLog {
  const tally = createRefusalTally()
  const waiting: Batch[] = []

  const send = async () => {
    const refusals = tally.take()
    if (refusals.length > 0) waiting.push({ batchId: randomUUID(), refusals })
    for (const dropped of waiting.splice(0, waiting.length - BATCHES_MAX)) {
      logger.error({ refusals: dropped.refusals }, 'refused requests are not on the record')
    }
    // One after the other: the first that gets no answer at all ends the round.
    for (const batch of [...waiting]) {
      const answer = Answer(await askAudit(MUTATION, batch))
      if (answer instanceof type.errors) logger.warn({ problem: answer.summary }, 'refused requests not recorded yet')
      else waiting.splice(waiting.indexOf(batch), 1)
    }
  }
  const sending = startRepeating({
    run: send,
    everyMs,
    onError: (err) => logger.warn({ err, batches: waiting.length }, 'refused requests not recorded yet'),
  })
  return {
    note: (refusal) => tally.add(refusal, now()),
    async close() {
      await succeedsWithin(LAST_MS, sending.runNow())
      void sending.stop()
    },
  }
}
