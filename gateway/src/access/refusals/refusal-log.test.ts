import { createLogger } from '@redress/shared/process/logger.ts'
import { describe, expect, it } from 'vitest'
import type { Refusal } from './refusal.ts'
import { createRefusalLog } from './refusal-log.ts'

const logger = createLogger('gateway', { level: 'silent' })
const DENIED: Refusal = { reason: 'FORBIDDEN', callerId: 'ada', clientIp: '192.0.2.1', permission: 'issue:review:*' }

/** An audit service that keeps what it is sent, and can be away or refuse a batch. */
function auditService() {
  const batches: Record<string, unknown>[] = []
  let failures: (Error | 'refused')[] = []
  return {
    batches,
    failNext: (...next: (Error | 'refused')[]) => {
      failures = next
    },
    async askAudit(_query: string, variables: Readonly<Record<string, unknown>>) {
      const failure = failures.shift()
      if (failure instanceof Error) throw failure
      if (failure === 'refused') return { errors: [{ message: 'no' }], data: null }
      batches.push(variables)
      return { data: { recordRefusals: 1 } }
    },
  }
}

function openLog() {
  const audit = auditService()
  return { audit, ...createRefusalLog({ askAudit: audit.askAudit, everyMs: 5, logger }) }
}

describe('the log of refusals', () => {
  it('sends what was counted, as one batch', async () => {
    const { audit, note, close } = openLog()

    note(DENIED)
    note(DENIED)
    await expect.poll(() => audit.batches.length).toBe(1)

    expect(audit.batches).toMatchObject([{ refusals: [{ reason: 'FORBIDDEN', callerId: 'ada', count: 2 }] }])
    await close()
  })

  it('sends what was not recorded again, as the same batch', async () => {
    const { audit, note, close } = openLog()
    audit.failNext(new Error('away'), 'refused')

    note(DENIED)
    await expect.poll(() => audit.batches.length).toBe(1)

    expect(audit.batches).toMatchObject([{ batchId: expect.any(String), refusals: [{ count: 1 }] }])
    await close()
  })

  it('sends the last minute when it is closed, and nothing where nothing was refused', async () => {
    const quiet = openLog()
    const { audit, note, close } = openLog()

    note(DENIED)
    await Promise.all([close(), quiet.close()])

    expect(audit.batches).toHaveLength(1)
    expect(quiet.audit.batches).toEqual([])
  })
})
