import { readEnvironment } from '@redress/shared/process/config.ts'
import { ConfigError } from '@redress/shared/process/config-error.ts'
import { describe, expect, it } from 'vitest'
import { QueuesEnvironment, toQueuesConfig, toWorkersConfig, WorkersEnvironment } from './jobs-config.ts'

const REDIS_URL = 'redis://events'
const urlsFor = (environment: NodeJS.ProcessEnv) =>
  toQueuesConfig({ ...readEnvironment(QueuesEnvironment, environment), REDIS_URL }).urls

describe('the address of a queue', () => {
  it('is its own, else that of the queues, else that of events', () => {
    const [own, queues] = ['redis://background', 'redis://queues']
    const all = (url: string) => ({ money: url, decisions: url, communication: url, background: url })

    expect(urlsFor({})).toEqual(all(REDIS_URL))
    expect(urlsFor({ REDIS_QUEUE_URL: queues })).toEqual(all(queues))
    expect(urlsFor({ REDIS_BACKGROUND_URL: own })).toEqual({ ...all(REDIS_URL), background: own })
    expect(urlsFor({ REDIS_QUEUE_URL: queues, REDIS_BACKGROUND_URL: own })).toEqual({ ...all(queues), background: own })
  })
})

describe('a worker', () => {
  const read = (environment: NodeJS.ProcessEnv) => toWorkersConfig(readEnvironment(WorkersEnvironment, environment))

  it('works on every queue unless it is configured', () => {
    expect(read({})).toEqual({
      names: ['money', 'decisions', 'communication', 'background'],
      concurrency: { money: 5, decisions: 200, communication: 20, background: 10 },
    })
    expect(read({ WORKER_QUEUES: 'money, decisions', MONEY_CONCURRENCY: '7' })).toMatchObject({
      names: ['money', 'decisions'],
      concurrency: { money: 7 },
    })
  })

  it('refuses a queue that does not exist', () => {
    expect(() => read({ WORKER_QUEUES: 'money,other' })).toThrow(ConfigError)
    expect(() => read({ WORKER_QUEUES: ',' })).toThrow('WORKER_QUEUES must be')
  })
})

describe('the types of job', () => {
  it('have the attempts and the time that are configured for decisions', () => {
    const environment = { QUEUE_MAX_RETRIES: '3', QUEUE_BACKOFF_DELAY_MS: '10', STUCK_AFTER_MS: '1000' }

    const { registry } = toQueuesConfig({ ...readEnvironment(QueuesEnvironment, environment), REDIS_URL })

    expect(registry['decide-issue']).toMatchObject({
      retry: { attempts: 3, strategy: 'exponential', delayMs: 10 },
      timeoutMs: 1_000,
    })
    expect(registry['backtest-policy']).toMatchObject({ retry: { attempts: 3, delayMs: 2_000 }, timeoutMs: null })
  })
})
