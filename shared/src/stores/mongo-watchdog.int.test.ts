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
  const limits = { everyMs: null, strandedMs: 0, ...(pingMs && { pingMs }) }
  const watching = watchMongo({ mongo, uri, onStranded, ...limits })
  onTestFinished(() => watching.stop())
  return { look: watching.runNow, reports: () => reports }
}

describe('the watchdog of the database', () => {
  it('reports once a client that fails while the database answers others', async () => {
    const { look, reports } = await watch({ isClosed: true, uri: inject('mongoUri') })

    await look()
    await look()

    expect(reports()).toBe(1)
  })

  it('reports no client that works', async () => {
    const { look, reports } = await watch({ isClosed: false, uri: inject('mongoUri') })

    await look()

    expect(reports()).toBe(0)
  })

  it('does not report a database that is away, because a new process could do no better', async () => {
    const { look, reports } = await watch({ isClosed: true, uri: NOWHERE, pingMs: 50 })

    await look()

    expect(reports()).toBe(0)
  })
})
