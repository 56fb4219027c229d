import { type Collection, type Document, MongoBulkWriteError, type OptionalUnlessRequiredId } from 'mongodb'

const DUPLICATE_KEY = 11000

/** Inserts the documents whose id is not there yet. @returns the places, in the given list, of those that are. */
export async function insertNew<D extends Document>(
  collection: Collection<D>,
  documents: readonly OptionalUnlessRequiredId<D>[],
): Promise<ReadonlySet<number>> {
  try {
    await collection.insertMany([...documents], { ordered: false })
    return new Set()
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error
    const errors = [error.writeErrors].flat()
    if (errors.length === 0 || errors.some(({ code }) => code !== DUPLICATE_KEY)) throw error
    return new Set(errors.map(({ index }) => index))
  }
}
