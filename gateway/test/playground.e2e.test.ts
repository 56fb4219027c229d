import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRedis, type Redis } from '@redress/shared/stores/redis.ts'
import { openStreams } from '@redress/shared/testing/published-events.ts'
import { silent } from '@redress/shared/testing/stores.ts'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../scripts/stack/processes/free-port.ts'
import { findOrInstallRedis, readMachine } from '../../scripts/stack/redis/find-redis.ts'
import { launchRedis } from '../../scripts/stack/redis/launch-redis.ts'
import { startTestGateway } from './gateway.ts'
import { issueCreated, publish } from './subscriptions/published.ts'

/** A browser that asks nobody about anything by itself. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The browser's own net, which is half a minute where it is not said. */
const PATIENCE_MS = 180_000
const CODE = 'abcdefghijklmnopqrstuv'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
let browser: Browser
let context: BrowserContext
let redis: Redis
const directory = mkdtempSync(join(tmpdir(), 'redress-playground-'))
const program = findOrInstallRedis(readMachine(process.env), (line) => process.stderr.write(`${line}\n`))
const launched = launchRedis({ program, port: await findFreePort(), directory, durable: false })
beforeAll(async () => {
  const redisUrl = await launched.ready
  redis = await connectRedis(redisUrl, { name: 'test', logger: silent })
  await openStreams(redis)
  gateway = await startTestGateway({ environment: { REDIS_URL: redisUrl, PLAYGROUND_CODE: CODE } })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ARGUMENTS,
    timeout: PATIENCE_MS,
  })
  context = await browser.newContext({ viewport: { width: 1400, height: 900 } })
  // The link works once; all pages share its cookie.
  await context.request.get(`${gateway.url}/playground?code=${CODE}`)
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
  redis?.destroy()
  launched.child.kill()
  rmSync(directory, { recursive: true, force: true })
})

describe('the playground in a browser', () => {
  it('runs the first operation over three services, and asks nobody but the gateway', async () => {
    const { page, foreign, broken, answer } = await openPlayground()

    // Until its tabs are loaded, the editor is empty.
    await expect.poll(() => page.locator('.graphiql-query-editor').textContent()).toMatch(/FollowAnIssue/)
    const run = async () => {
      await page.getByRole('button', { name: /Execute query/ }).click()
      return answer.textContent()
    }
    await expect.poll(run, { interval: 1_000 }).toMatch(/APPROVE_REFUND/)

    const text = await answer.textContent()
    expect(text).toMatch(/iss_1/)
    expect(text).toMatch(/auditTrail/)
    expect(await page.title()).toBe('Redress playground')
    for (const tab of [
      'FollowAnIssue',
      'FollowIssues',
      'ListIssues',
      'CreateIssue',
      'ReviewIssue',
      'Queues',
      'VerifyAuditChain',
    ]) {
      expect(await page.getByRole('tab', { name: tab }).count()).toBe(1)
    }
    expect(foreign).toEqual([])
    expect(broken).toEqual([])
    await page.close()
  })

  it('shows events as they come, through a socket of the same session', async () => {
    const { page, foreign, broken, answer } = await openPlayground()

    const editor = page.locator('.graphiql-query-editor')
    // While the tabs find their places a click is lost.
    const open = async () => {
      await page.getByRole('tab', { name: 'FollowIssues' }).click()
      return editor.textContent()
    }
    await expect.poll(open, { interval: 100 }).toMatch(/subscription/)
    // So is one while the editor loads; once it runs, the button says Stop.
    const run = async () => {
      const button = page.getByRole('button', { name: /Execute query/ })
      if ((await button.count()) > 0) await button.click()
      return countOpen()
    }
    await expect.poll(run, { interval: 1_000 }).toBe(1)
    await publish(redis, issueCreated())

    await expect.poll(() => answer.textContent()).toMatch(/PENDING/)
    expect(await answer.textContent()).toMatch(/iss_1.*APPROVE_REFUND/s)
    expect(foreign).toEqual([])
    expect(broken).toEqual([])
    await page.close()
    await expect.poll(countOpen).toBe(0)
  })
})

async function openPlayground() {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const foreign: string[] = []
  const broken: string[] = []
  const own = [`${gateway.url}/`, `${gateway.url.replace('http', 'ws')}/`]
  const note = (url: string) => {
    if (!/^(blob|data):/.test(url) && !own.some((start) => url.startsWith(start))) foreign.push(url)
  }
  page.on('request', (request) => note(request.url()))
  page.on('websocket', (socket) => note(socket.url()))
  page.on('pageerror', (error) => broken.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) broken.push(message.text())
  })
  await page.goto(`${gateway.url}/playground`)
  const answer = page.locator('section.result-window, .graphiql-response, .result-window').first()
  return { page, foreign, broken, answer }
}

async function countOpen(): Promise<number> {
  const metrics = await gateway.metrics()
  return Number(/^subscriptions_open\{field="issueStatusChanged"\} (\d+)$/m.exec(metrics)?.[1] ?? 0)
}
