import {
  MongoBulkWriteError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  MongoTransactionError,
} from 'mongodb'
import { ClientOfflineError, ErrorReply, SocketClosedUnexpectedlyError } from 'redis'
import { describe, expect, it } from 'vitest'
import { StoreUnavailableError } from '../errors.ts'
import { isTransient } from './mongo.ts'
import { isRedisAway } from './redis.ts'

const labelled = new MongoServerError({ message: 'busy', errorLabels: ['TransientTransactionError'] })
const withCode = (code: number) => new MongoServerError({ message: 'no', code })
const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })

describe('an error of the database', () => {
  it.for<[string, Error]>([
    ['a lost connection', new MongoNetworkError('gone')],
    ['no primary in time', new MongoServerSelectionError('late', {} as never)],
    ['a connection that closes', new MongoTopologyClosedError()],
    ['a conflict of transactions', labelled],
    ['not the primary', withCode(10107)],
    ['a shutdown', withCode(11600)],
    ['a full disk', withCode(14031)],
    [
      'a connection that is lost in a bulk write',
      new MongoBulkWriteError(new MongoNetworkError('gone'), { getWriteErrors: () => [] } as never),
    ],
    ['one of ours for these', new StoreUnavailableError()],
  ])('passes: %s', ([, error]) => {
    expect(isTransient(error)).toBe(true)
  })

  it.for<[string, unknown]>([
    ['an invalid argument', new MongoInvalidArgumentError('too large')],
    ['a wrong use of a transaction', new MongoTransactionError('in progress')],
    ['a duplicate key', withCode(11000)],
    // MongoDB answers it where a command can never succeed.
    ['an operation that failed', withCode(96)],
    ['an error of another kind', new Error('bug')],
    ['no error', null],
  ])('stays: %s', ([, error]) => {
    expect(isTransient(error)).toBe(false)
  })
})

describe('an error of Redis', () => {
  it.for<[string, unknown, boolean]>([
    ['an offline client', new ClientOfflineError(), true],
    ['a lost connection', new SocketClosedUnexpectedlyError(), true],
    ['a refused connection', refused, true],
    ['a Redis that is loading', new ErrorReply('LOADING Redis is loading the dataset in memory'), true],
    ['a full disk', new ErrorReply('MISCONF Errors writing to the AOF file: No space left on device'), true],
    ['a wrong type', new ErrorReply('WRONGTYPE Operation against a key'), false],
    ['a word that only begins like one', new ErrorReply('BUSYGROUP Consumer Group name already exists'), false],
    ['an error of another kind', new Error('bug'), false],
  ])('that is known to pass or to stay: %s', ([, error, passes]) => {
    expect(isRedisAway(error)).toBe(passes)
  })
})
