import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DomainEvent } from '@redress/shared/events/envelope.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { openCollections } from '@redress/shared/stores/collections.ts'
import { outboxEvents } from '@redress/shared/testing/outbox-events.ts'
import type { Db, MongoClient } from 'mongodb'
import { onTestFinished } from 'vitest'
import { COLLECTIONS } from '../src/collections.ts'
import type { PolicyVersion } from '../src/domain/decision.ts'
import { createMongoPoliciesStore } from '../src/policies/deployment/mongo-policies-store.ts'
import { createMongoPolicyViews } from '../src/policies/deployment/mongo-policy-views.ts'
import { createProposePolicy } from '../src/policies/deployment/propose-policy.ts'
import { createPublishPolicy } from '../src/policies/deployment/publish-policy.ts'
import { createRollbackPolicy } from '../src/policies/deployment/rollback-policy.ts'
import { createTryPolicy } from '../src/policies/deployment/try-policy.ts'
import { readPolicyText } from '../src/policies/files/parse-policy.ts'
import { openPolicyRegistry } from '../src/policies/in-force/policy-registry.ts'

const shipped = new URL('../../skills', import.meta.url).pathname
export const SKILL = 'refund-policy'
export const START = new Date('2030-06-15T12:00:00Z')

export const by = (actor: string) => ({ actor, requestId: 'req-1', ip: '10.0.0.1', tenant: 'default' })

/** `onTestFinished`, or `afterAll` for what tests share. */
export type AtEnd = (tidyUp: () => Promise<void>) => void

let databases = 0
/** A folder of skills, a database and a clock of one test, and all that can be done with them. */
export async function openPolicyDesk(given: { mongo: MongoClient; db: Db }, atEnd: AtEnd = onTestFinished) {
  const db = given.mongo.db(`${given.db.databaseName}_${++databases}`)
  const directory = await mkdtemp(join(tmpdir(), 'policies-'))
  atEnd(async () => {
    await db.dropDatabase()
    await rm(directory, { recursive: true })
  })
  await cp(shipped, directory, { recursive: true })
  const collections = await openCollections(db, COLLECTIONS)
  const outbox = createOutbox(db, () => {})

  let clock = START
  const now = () => clock
  const { mongo } = given
  const store = createMongoPoliciesStore({ mongo, collections, outbox })
  const acting = { store, now, onCommit: () => {} }
  const proposePolicy = createProposePolicy({ ...acting, readPolicyText })
  const path = (file: string) => join(directory, file)
  const textWith = async (file: string, from: string | RegExp, to: string) =>
    (await readFile(path(`${SKILL}/${file}`), 'utf8')).replace(from, to)

  return {
    db,
    collections,
    directory,
    path,
    now,
    setClock: (moment: string) => {
      clock = new Date(moment)
    },
    views: createMongoPolicyViews(collections),
    proposePolicy,
    publishPolicy: createPublishPolicy(acting),
    rollbackPolicy: createRollbackPolicy(acting),
    tryPolicy: createTryPolicy(acting),
    async edit(file: string, from: string | RegExp, to: string) {
      await writeFile(path(`${SKILL}/${file}`), await textWith(file, from, to))
    },
    /** A candidate that differs from what lies in the folder by its version. */
    propose: async (version: string, author = 'ada') =>
      proposePolicy({
        skill: SKILL,
        files: [{ path: 'SKILL.md', content: await textWith('SKILL.md', /version: ".*"/, `version: "${version}"`) }],
        cause: by(author),
      }),
    /** The policies that a process knows. */
    async open() {
      const problems: unknown[] = []
      const changes: PolicyVersion[] = []
      const policies = await openPolicyRegistry({
        ...{ directory, collections, mongo, outbox, now, pollMs: null },
        onChange: (version) => changes.push(version),
        onProblem: (problem) => problems.push(problem),
      })
      atEnd(() => policies.close())
      const versionNow = async () => {
        await policies.refresh()
        return policies.inForce('REFUND_REQUEST').version
      }
      return { policies, problems, changes, versionNow }
    },
    async events(type?: string): Promise<readonly DomainEvent[]> {
      return (await outboxEvents(db))
        .filter((event) => event.entity.type !== 'Policy' || event.entity.id === SKILL)
        .filter((event) => !type || event.type === type)
    },
  }
}
export type PolicyDesk = Awaited<ReturnType<typeof openPolicyDesk>>
