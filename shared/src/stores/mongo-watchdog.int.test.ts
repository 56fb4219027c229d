import type { ServerHeartbeatSucceededEvent } from 'mongodb'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { connectTestMongo } from '../testing/stores.ts'
import { watchMongo } from './mongo-watchdog.ts'

const NOWHERE = 'mongodb://127.0.0.1:1/?directConnection=true'

async function watch({ isClosed, uri, pingMs }: { isClosed: boolean; uri: string; pingMs?: number }) {
  const mongo = await connectTestMongo()
  onTestFinished(() => mongo.close())
  // A closed client fails every call for ever, like one whose monitor has stopped.
  if (isClosed) await mongo.close()
  let reports = 0
  const onStranded = () => void reports++
  let time = 0
  const limits = { everyMs: null, strandedMs: 30_000, now: () => time, ...(pingMs && { pingMs }) }
  const watching = watchMongo({ mongo, uri, onStranded, ...limits })
  onTestFinished(() => watching.stop())
  const lookAt = async (ms: number) => {
    time = ms
    await watching.runNow()
    return reports
  }
  const hearAt = (ms: number) => {
    time = ms
    mongo.emit('serverHeartbeatSucceeded', {} as ServerHeartbeatSucceededEvent)
  }
  return { lookAt, hearAt }
}

describe('the watchdog of the database', () => {
  it('reports once a client that fails for 30 s while the database answers others', async () => {
    const { lookAt } = await watch({ isClosed: true, uri: inject('mongoUri') })

    expect([await lookAt(0), await lookAt(29_999), await lookAt(30_000), await lookAt(60_000)]).toEqual([0, 0, 1, 1])
  })

  it('reports no client that works', async () => {
    const { lookAt } = await watch({ isClosed: false, uri: inject('mongoUri') })

    expect([await lookAt(0), await lookAt(30_000)]).toEqual([0, 0])
  })

  it('does not report a client whose commands wait while its monitor hears from the server', async () => {
    const { lookAt, hearAt } = await watch({ isClosed: true, uri: inject('mongoUri') })

    const first = await lookAt(0)
    hearAt(10_000)

    expect([first, await lookAt(30_000), await lookAt(39_999), await lookAt(40_000)]).toEqual([0, 0, 0, 1])
  })

  it('does not report a database that is away, because a new process could do no better', async () => {
    const { lookAt } = await watch({ isClosed: true, uri: NOWHERE, pingMs: 50 })

    expect([await lookAt(0), await lookAt(30_000)]).toEqual([0, 0])
  })
})
