import { readdirSync } from 'node:fs'
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, parse, validate } from 'graphql'
import { getVariableValues } from 'graphql/execution/values.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTabs } from '../src/http/playground/tabs.ts'
import { startTestGateway } from './gateway.ts'

let gateway: Awaited<ReturnType<typeof startTestGateway>>
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { DEV_TOKEN: 'header.claims.signature' } })
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
    expect(page).toContain('Bearer header.claims.signature')
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="(https?:)?\/\//)
  })

  it('is served to clients without gzip, too', async () => {
    const unpacked = await fetch(`${gateway.url}/playground`, { headers: { 'accept-encoding': 'identity' } })

    expect(unpacked.headers.get('content-encoding')).toBeNull()
    expect(await unpacked.text()).toContain('<title>Redress playground</title>')
  })
})

const isOperation = (file: string) => file.endsWith('.graphql')
