import { openTestDatabase } from '@redress/shared/testing/stores.ts'
import { type Document, MongoClient } from 'mongodb'
import { afterAll, expect, inject, it } from 'vitest'
import type { Views } from '../src/views/views.ts'
import { openIssue, openService } from './service.ts'

const { db: named } = await openTestDatabase()
const mongo = await new MongoClient(inject('mongoUri'), { monitorCommands: true }).connect()
afterAll(() => mongo.close())
const db = mongo.db(named.databaseName)
const service = await openService({ mongo, db })
for (let count = 0; count < 5; count++) await openIssue(service)
const views = service.viewsOf('default')

const finds: Document[] = []
mongo.on('commandStarted', ({ commandName, command }) => {
  if (commandName === 'find') finds.push(command)
})

/** The index of each query that `read` makes, with the number of documents that it examines. */
async function planOf(read: (views: Views) => Promise<unknown>) {
  finds.length = 0
  await read(views)
  const made = finds.map(({ find, filter, sort, limit }) => ({ find, filter, sort, limit }))
  const plans = made.map(async (explain) => {
    const { queryPlanner, executionStats } = await db.command({ explain, verbosity: 'executionStats' })
    return [indexOf(queryPlanner.winningPlan), executionStats.totalDocsExamined]
  })
  return Promise.all(plans)
}

/** MongoDB nests the stages of a plan, the embedded database has one. */
function indexOf({ stage, indexName, inputStage }: Document): string {
  return indexName ?? (inputStage ? indexOf(inputStage) : stage)
}

const page = { first: 2 }
const order = 'NEWEST_FIRST' as const

// Each query examines what it gives and the one behind it, at most, of five issues and two payments.
it.for<[string, (views: Views) => Promise<unknown>, string, number]>([
  ['issues', (of) => of.pageOfIssues({}, page), 'newest_of_tenant', 3],
  ['issues of a status', (of) => of.pageOfIssues({ status: ['PENDING'] }, page), 'newest_of_tenant_by_status', 3],
  ['issues of a payment', (of) => of.pageOfIssues({ transactionId: 'txn_1' }, page), 'newest_by_transaction', 3],
  ['issues of an assignee', (of) => of.pageOfIssues({ assignee: 'ann' }, page), 'newest_of_tenant_by_assignee', 0],
  ['issues of a customer', (of) => of.pageOfIssues({ customerId: 'cust_1' }, page), 'newest_by_customer', 3],
  [
    'the review queue',
    (of) => of.pageOfReviewQueue({ filter: {}, availableTo: 'ann' }, page),
    'most_urgent_of_tenant',
    0,
  ],
  ['an external id', (of) => of.findIssueId('crm-1'), 'external_id_of_tenant', 0],
  [
    'customers by e-mail',
    (of) => of.pageOfCustomers({ filter: { email: 'grace@example.org' }, only: null, order }, page),
    'newest_of_tenant_by_email',
    1,
  ],
  [
    'payments of a customer',
    (of) => of.pageOfTransactions({ filter: { customerId: 'cust_1' }, order }, page),
    'newest_by_customer',
    1,
  ],
  ['payments', (of) => of.pageOfTransactions({ filter: {}, order }, page), 'newest_of_tenant', 2],
])('the list of %s is read by its index', async ([, read, index, examined]) => {
  const [[name, count] = []] = await planOf(read)

  expect(name).toBe(index)
  expect(count).toBeLessThanOrEqual(examined)
})
