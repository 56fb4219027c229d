import { CommandError, unsupported } from '../errors.ts'
import { type Fields, isObject, lookUp } from '../values/bson.ts'

/** Options of every command: session, comment, and durability, which is always that of the strictest write concern. */
const COMMON = [
  '$db',
  'lsid',
  'txnNumber',
  'startTransaction',
  'autocommit',
  '$clusterTime',
  '$readPreference',
  'readConcern',
  'writeConcern',
  'comment',
  'maxTimeMS',
]

/** The options of each command. A command that is not listed accepts any. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  find: [
    'filter',
    'sort',
    'skip',
    'limit',
    'projection',
    'batchSize',
    'singleBatch',
    'noCursorTimeout',
    'allowDiskUse',
  ],
  aggregate: ['pipeline', 'cursor', 'allowDiskUse', 'bypassDocumentValidation'],
  getMore: ['collection', 'batchSize'],
  count: ['query', 'skip', 'limit'],
  distinct: ['key', 'query'],
  insert: ['documents', 'ordered', 'bypassDocumentValidation'],
  update: ['updates', 'ordered', 'bypassDocumentValidation'],
  delete: ['deletes', 'ordered'],
  findAndModify: ['query', 'update', 'remove', 'sort', 'fields', 'new', 'upsert', 'bypassDocumentValidation'],
  create: [],
  createIndexes: ['indexes', 'commitQuorum'],
  dropIndexes: ['index'],
  listCollections: ['filter', 'nameOnly', 'cursor', 'authorizedCollections'],
  listDatabases: ['nameOnly'],
}

/** @throws CommandError for an option that would be ignored, unless it is false. */
export function refuseUnknownOptions(name: string, command: Fields): void {
  const known = lookUp(OPTIONS, name)
  const other = Object.keys(command).find(
    (option) => option !== name && command[option] !== false && !COMMON.includes(option) && !known?.includes(option),
  )
  if (known && other !== undefined) throw unsupported(`The option ${other} of ${name}`)
}

/** Levels that the present state satisfies, because an answer waits until what it has read is durable. */
const LEVELS_OF_PRESENT = ['local', 'available', 'majority', 'linearizable']
/** Levels that the snapshot of a transaction satisfies. */
const LEVELS_OF_TRANSACTIONS = ['local', 'majority', 'snapshot']

/** @throws CommandError for a level that is unknown, or that is not kept. */
export function refuseReadConcern({ readConcern, autocommit }: Fields): void {
  const level = isObject(readConcern) ? readConcern.level : undefined
  if (level === undefined) return
  const isKnown = [...LEVELS_OF_PRESENT, ...LEVELS_OF_TRANSACTIONS].includes(String(level))
  if (!isKnown) throw new CommandError(2, `'${String(level)}' is not a valid value for the field readConcern.level`)
  if (autocommit === false && !LEVELS_OF_TRANSACTIONS.includes(String(level))) {
    throw new CommandError(72, `The readConcern level must be one of ${LEVELS_OF_TRANSACTIONS.join(', ')}`)
  }
  if (autocommit !== false && level === 'snapshot') throw unsupported('readConcern snapshot outside a transaction')
}
