import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway } from './gateway.ts'

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

let gateway: Awaited<ReturnType<typeof startTestGateway>>
let browser: Browser
beforeAll(async () => {
  gateway = await startTestGateway()
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ARGUMENTS,
  })
})
afterAll(async () => {
  await browser?.close()
  await gateway?.stop()
})

describe('the playground in a browser', () => {
  it('runs the first operation over three services, and asks nobody but the gateway', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    const foreign: string[] = []
    const broken: string[] = []
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(`${gateway.url}/`))
        foreign.push(request.url())
    })
    page.on('pageerror', (error) => broken.push(String(error)))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) broken.push(message.text())
    })

    await page.goto(`${gateway.url}/playground`)
    await page.getByRole('button', { name: /Execute query/ }).click()
    const answer = page.locator('section.result-window, .graphiql-response, .result-window').first()
    await expect.poll(() => answer.textContent(), { timeout: 30_000 }).toMatch(/APPROVE_REFUND/)

    const text = await answer.textContent()
    expect(text).toMatch(/iss_1/)
    expect(text).toMatch(/auditTrail/)
    expect(await page.title()).toBe('Redress playground')
    for (const tab of ['FollowAnIssue', 'ListIssues', 'CreateIssue', 'ReviewIssue', 'Queues', 'VerifyAuditChain']) {
      expect(await page.getByRole('tab', { name: tab }).count()).toBe(1)
    }
    expect(foreign).toEqual([])
    expect(broken).toEqual([])
    await page.close()
  })
})
