import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { connectTestRedis, openTestRedis, silent } from '../testing/stores.ts'
import { joinElection } from './leadership.ts'

const REDIS = 2
const redis = await openTestRedis(REDIS)
/** Shorter than in use, in the same proportion. */
const TIMES = { leaseMs: 1_000, renewMs: 400 }

const join = (role: string, through = redis) => {
  const leadership = joinElection(through, role, silent, TIMES)
  onTestFinished(leadership.stop)
  return leadership
}

beforeEach(async () => {
  await redis.flushDb()
})

describe('an election', () => {
  it('is won by the only one who stands', async () => {
    const only = join('only')

    await expect.poll(only.isLeader).toBe(true)
  })

  it('is won by one of many', async () => {
    const members = Array.from({ length: 10 }, () => join('many'))
    const leaders = () => members.filter(({ isLeader }) => isLeader())

    await expect.poll(() => leaders().length).toBe(1)
    const [first] = leaders()
    await vi.waitFor(async () => expect(await redis.pTTL('leader:many')).toBeLessThan(680), {
      timeout: 2_000,
      interval: 20,
    })

    expect(leaders()).toEqual([first])
  })

  it('is held for each role by itself', async () => {
    const [one, other] = [join('one'), join('other')]

    await expect.poll(() => [one.isLeader(), other.isLeader()]).toEqual([true, true])
  })

  it('is kept by renewing, longer than one lease', async () => {
    const leader = join('renewed')
    await expect.poll(leader.isLeader).toBe(true)
    const begunAt = Date.now()

    const successor = join('renewed')
    await vi.waitFor(() => expect(Date.now() - begunAt).toBeGreaterThan(1_100), { timeout: 4_000 })

    expect([leader.isLeader(), successor.isLeader()]).toEqual([true, false])
  })

  it('passes to another at its next renewal when the leader stops', async () => {
    const leader = join('passed')
    await expect.poll(leader.isLeader).toBe(true)
    const successor = join('passed')

    await leader.stop()

    expect(leader.isLeader()).toBe(false)
    await expect.poll(successor.isLeader, { timeout: 1_500 }).toBe(true)
  })

  it('leaves nobody in the lead who stopped while it was being won', async () => {
    const hasty = join('hasty')

    await hasty.stop()

    expect([hasty.isLeader(), await redis.get('leader:hasty')]).toEqual([false, null])
  })

  it('passes to another when its lease ends once the connection of the leader is gone, who knows it', async () => {
    const lost = await connectTestRedis(REDIS)
    const leader = join('lost', lost)
    await expect.poll(leader.isLeader).toBe(true)
    const successor = join('lost')

    lost.destroy()

    await expect.poll(successor.isLeader, { timeout: 4_000 }).toBe(true)
    expect(leader.isLeader()).toBe(false)
  })
})
