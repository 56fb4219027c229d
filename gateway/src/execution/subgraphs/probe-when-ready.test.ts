import { expect, it, onTestFinished } from 'vitest'
import { createReadinessProbe } from './probe-when-ready.ts'

const open = (isReady: () => Promise<boolean>) => {
  let probes = 0
  const readiness = createReadinessProbe({ isReady, probe: () => void probes++, firstMs: 1, maxMs: 8 })
  onTestFinished(readiness.close)
  return { follow: readiness.follow, probes: () => probes }
}

it('a subgraph is probed as soon as it is ready, and not before', async () => {
  let asked = 0
  const { follow, probes } = open(async () => ++asked === 4)

  follow('open')

  await expect.poll(probes, { interval: 1 }).toBe(1)
  expect(asked).toBe(4)
})

it('a subgraph whose probe failed is asked again', async () => {
  const { follow, probes } = open(async () => true)
  follow('open')
  await expect.poll(probes, { interval: 1 }).toBe(1)

  follow('half open')
  follow('open')

  await expect.poll(probes, { interval: 1 }).toBe(2)
})

it('an answer that comes after the breaker has closed probes nothing', async () => {
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<boolean>()
  const { follow, probes } = open(() => {
    asked.resolve()
    return answer.promise
  })
  follow('open')
  await asked.promise

  follow('half open')
  follow('closed')
  answer.resolve(true)
  await answer.promise

  expect(probes()).toBe(0)
})
