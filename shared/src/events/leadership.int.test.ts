import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectTestRedis, openTestRedis, silent } from '../testing/stores.ts'
import { joinElection } from './leadership.ts'

const REDIS = 2
const redis = await openTestRedis(REDIS)
/** A lease that no test waits for the end of, and renewals that none waits long for. */
const TIMES = { leaseMs: 600_000, renewMs: 50 }

const join = (role: string, { through = redis, times = TIMES } = {}) => {
  const leadership = joinElection(through, role, silent, times)
  onTestFinished(leadership.stop)
  return leadership
}
const leaseOf = (role: string) => redis.pTTL(`leader:${role}`)
/** Makes the lease a shorter one, and waits until the leader has renewed it. */
const untilRenewed = async (role: string) => {
  await redis.pExpire(`leader:${role}`, TIMES.leaseMs / 2)
  await expect.poll(() => leaseOf(role)).toBeGreaterThan(TIMES.leaseMs / 2)
}

beforeEach(async () => {
  await redis.flushDb()
})

describe('an election', () => {
  it('is won by the only candidate', async () => {
    const only = join('only')

    await expect.poll(only.isLeader).toBe(true)
  })

  it('stays won when the wall clock is set forward', async () => {
    const leader = join('clock')
    await expect.poll(leader.isLeader).toBe(true)

    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * TIMES.leaseMs })
    onTestFinished(() => void vi.useRealTimers())

    expect(leader.isLeader()).toBe(true)
  })

  it('is won by one of many', async () => {
    const members = Array.from({ length: 10 }, () => join('many'))
    const leaders = () => members.filter(({ isLeader }) => isLeader())

    await expect.poll(() => leaders().length).toBe(1)
    const [first] = leaders()
    await untilRenewed('many')

    expect(leaders()).toEqual([first])
  })

  it('is separate for each role', async () => {
    const [one, other] = [join('one'), join('other')]

    await expect.poll(() => [one.isLeader(), other.isLeader()]).toEqual([true, true])
  })

  it('is won also where Redis is asked again before it has answered', async () => {
    const answered = Promise.withResolvers<void>()
    let asked = 0
    const late = Object.assign(Object.create(redis) as typeof redis, {
      eval: async (...question: Parameters<typeof redis.eval>) => {
        asked++
        const answer = await redis.eval(...question)
        await answered.promise
        return answer
      },
    })
    const leader = join('late', { through: late })

    await expect.poll(() => asked).toBeGreaterThan(2)
    answered.resolve()

    await expect.poll(leader.isLeader).toBe(true)
    await untilRenewed('late')
    expect(leader.isLeader()).toBe(true)
  })

  it('is kept by renewing: each time the lease is whole again', async () => {
    const leader = join('renewed')
    await expect.poll(leader.isLeader).toBe(true)
    const successor = join('renewed')

    for (let lease = 1; lease <= 3; lease++) await untilRenewed('renewed')

    expect([leader.isLeader(), successor.isLeader()]).toEqual([true, false])
  })

  it('passes to another at its next renewal when the leader stops', async () => {
    const leader = join('passed')
    await expect.poll(leader.isLeader).toBe(true)
    const successor = join('passed')

    await leader.stop()

    // Nobody waits for the end of the lease: it would be later than the end of this test.
    expect(leader.isLeader()).toBe(false)
    await expect.poll(successor.isLeader).toBe(true)
  })

  it('is not won by a candidate that has stopped', async () => {
    const hasty = join('hasty')

    await hasty.stop()

    expect([hasty.isLeader(), await redis.get('leader:hasty')]).toEqual([false, null])
  })

  it('passes to another candidate when the lease of a disconnected leader expires, and that leader knows it', async () => {
    const times = { leaseMs: 2_000, renewMs: 50 }
    const lost = await connectTestRedis(REDIS)
    const leader = join('lost', { through: lost, times })
    await expect.poll(leader.isLeader).toBe(true)
    const successor = join('lost', { times })

    lost.destroy()

    await expect.poll(successor.isLeader).toBe(true)
    expect(leader.isLeader()).toBe(false)
  })
})
