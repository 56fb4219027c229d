import { coalesce } from '@redress/shared/resilience/coalesce.ts'
import { insertNew } from './insert-new.ts'
import type { JobRecord } from './job-record.ts'
import type { Added, JobRecords } from './job-records.ts'
import { fromDocument, type RecordCollection, toDocument } from './record-document.ts'

/** Adds records, all that are asked for at the same time with one write. */
export function createAddRecords(collection: RecordCollection): Pick<JobRecords, 'add' | 'remove'> {
  const add = coalesce<JobRecord, Added>(async (records) => {
    const existing = await insertNew(collection, records.map(toDocument))
    if (existing.size === 0) return records.map((record) => ({ record, isNew: true }))
    const found = await collection.find({ _id: { $in: [...existing].map((index) => records[index]!.id) } }).toArray()
    const byId = new Map(found.map((document) => [document._id, fromDocument(document)]))
    return records.map((record, index) => {
      const there = existing.has(index) ? byId.get(record.id) : undefined
      return there === undefined ? { record, isNew: !existing.has(index) } : { record: there, isNew: false }
    })
  })
  return {
    add: (records) => Promise.all(records.map((record) => add(record))),
    remove: async (ids) => void (await collection.deleteMany({ _id: { $in: [...ids] }, status: 'PENDING' })),
  }
}
