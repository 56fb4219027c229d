import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { expect, it } from 'vitest'
import { createMongoClearing } from '../src/samples/mongo-clearing.ts'
import { ADA, openIssue, openService } from './service.ts'

const { mongo, db } = await openTestDatabase()
const service = await openService({ mongo, db })

it('a sample is removed with all that belongs to its customers, and nothing of others', async () => {
  const { issues, notes, transactions, customers, dataKeys } = service.collections
  const own = await openIssue(service)
  const other = await openIssue(service, { customerId: 'cust_2', transactionId: 'txn_2' })

  const noteOn = (issueId: string) =>
    service.addNote({ issueId, text: 'called', attachments: [], idempotencyKey: 'k1', cause: ADA })
  await noteOn(own.id)
  const { id: noteId } = await noteOn(other.id)

  await createMongoClearing(service.collections)({ customers: [{ id: 'cust_1' } as never] })

  const idsIn = async (collection: typeof issues) => (await collection.find().toArray()).map(({ _id }) => _id)
  const left = [issues, notes, transactions, customers, dataKeys].map((one) => idsIn(one as unknown as typeof issues))
  expect(await Promise.all(left)).toEqual([[other.id], [noteId], ['txn_2'], ['cust_2'], ['cust_2']])
})
