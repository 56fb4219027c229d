import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll } from 'vitest'
import { type Devdb, startDevdb } from '../src/server.ts'
import { describeStore } from './store-contract.ts'

let directory: string
let devdb: Devdb

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'devdb-'))
  devdb = await startDevdb({ path: join(directory, 'devdb.sqlite') })
})
afterAll(async () => {
  await devdb?.close()
  await rm(directory, { recursive: true, force: true })
})

describeStore('the development database', () => MongoClient.connect(devdb.uri))
