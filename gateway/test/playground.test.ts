import { readdirSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, parse, validate } from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTabs } from '../src/http/playground/tabs.ts'
import { startTestGateway } from './gateway.ts'

const CODE = 'abcdefghijklmnopqrstuv'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { PLAYGROUND_CODE: CODE } })
})
afterAll(() => gateway.stop())

describe('the playground', () => {
  it('offers operations that the schema allows, with variables that fit', async () => {
    const { data } = await gateway.ask(getIntrospectionQuery({ oneOf: true }))
    const schema = buildClientSchema(data as unknown as IntrospectionQuery)
    const tabs = readTabs()

    expect(tabs.length).toBe(
      readdirSync(new URL('../src/http/playground/', import.meta.url)).filter(isOperation).length,
    )
    for (const { query, variables } of tabs) {
      const document = parse(query)
      expect(validate(schema, document)).toEqual([])
      const [operation] = document.definitions.filter((node) => node.kind === 'OperationDefinition')
      const { errors } = getVariableValues(schema, operation?.variableDefinitions ?? [], JSON.parse(variables))
      expect(errors).toBeUndefined()
    }
  })

  it('is one page that contains everything and may connect to its own server only', async () => {
    const response = await fetch(`${gateway.url}/playground`)
    const page = await response.text()

    expect(response.status).toBe(200)
    expect(response.headers.get('content-encoding')).toBe('gzip')
    expect(response.headers.get('content-security-policy')).toContain("connect-src 'self' ws: wss:;")
    expect(page).toContain('<title>Redress playground</title>')
    expect(page).toContain('Bearer <token>')
    expect(page).not.toMatch(/eyJ[\w-]+\./)
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="(https?:)?\/\//)
  })

  it('is served to clients without gzip, too', async () => {
    const unpacked = await fetch(`${gateway.url}/playground`, { headers: { 'accept-encoding': 'identity' } })

    expect(unpacked.headers.get('content-encoding')).toBeNull()
    expect(await unpacked.text()).toContain('<title>Redress playground</title>')
  })
})

describe('the link to the playground', () => {
  const open = (code: string, at = gateway) => fetch(`${at.url}/playground?code=${code}`, { redirect: 'manual' })
  const statusOf = async (cookie: string, at = gateway) => {
    const headers = { cookie, 'content-type': 'application/json' }
    const response = await fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers,
      body: '{"query":"{ queues { name } }"}',
    })
    return response.status
  }

  it('signs one browser in, by a cookie that scripts and other sites cannot use', async () => {
    expect((await open('x'.repeat(22))).status).toBe(401)

    const response = await open(CODE)
    const cookie = response.headers.get('set-cookie') ?? ''

    expect([response.status, response.headers.get('location')]).toEqual([303, '/playground'])
    expect(cookie).toMatch(/^redress_session=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/; Max-Age=28800$/)
    expect(await statusOf(cookie.split(';')[0]!)).toBe(200)
    expect(await statusOf('redress_session=forged')).toBe(401)
    const page = await (await fetch(`${gateway.url}/playground`, { headers: { cookie } })).text()
    expect(page).not.toContain('Bearer <token>')
    expect((await open(CODE)).status).toBe(401)
  })

  it('opens nothing where there is no code', async () => {
    const closed = await startTestGateway()

    expect((await open('', closed)).status).toBe(200)
    expect((await open(CODE, closed)).headers.get('set-cookie')).toBeNull()
    await closed.stop()
  })
})

describe('a page of another site', () => {
  let named: typeof gateway
  beforeAll(async () => {
    const environment = { ALLOWED_HOSTS: 'redress.test', CORS_ORIGINS: 'https://console.example.com' }
    named = await startTestGateway({ environment })
  })
  afterAll(() => named.stop())

  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${named.url}/health`, { headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end()
    })

  it.for<[number, Record<string, string>]>([
    [403, { host: 'evil.example' }],
    [403, { host: 'evil.example:4000', origin: 'http://evil.example:4000' }],
    [403, { host: '127.0.0.1.evil.example' }],
    [403, { host: 'localhost:4000', origin: 'http://localhost:5173' }],
    [403, { host: '127.0.0.1:4000', origin: 'null' }],
    [200, { host: '127.0.0.1:4000', origin: 'http://127.0.0.1:4000' }],
    [200, { host: 'redress.localhost:4000' }],
    [200, { host: '[::1]:4000' }],
    [200, { host: 'gateway:4000' }],
    [200, { host: 'redress.test' }],
    [200, { host: 'localhost', origin: 'https://console.example.com' }],
  ])('gets %i in development, with %j', async ([status, headers]) => {
    expect(await ask(headers)).toBe(status)
  })
})

const isOperation = (file: string) => file.endsWith('.graphql')
