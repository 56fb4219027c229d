import { readFileSync } from 'node:fs'
import { Supergraph } from '@apollo/federation-internals'
import { buildASTSchema, isInputObjectType, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { composeSupergraph, SUPERGRAPH_FILE } from './compose-supergraph.ts'

describe('the supergraph', () => {
  it('that is committed is the one the schemas give: after a change, `npm run compose`', () => {
    const { supergraph, errors } = composeSupergraph()

    expect(errors).toEqual([])
    expect(readFileSync(SUPERGRAPH_FILE, 'utf8')).toBe(supergraph)
  })

  it('keeps descriptions and what composition does not know', () => {
    const schema = buildASTSchema(parse(composeSupergraph().supergraph ?? ''), { assumeValidSDL: true })
    const details = schema.getType('IssueDetailsInput')

    expect(details?.description).toBe('Exactly one field is set; it determines the type of the issue.')
    expect(isInputObjectType(details) && details.isOneOf).toBe(true)
    expect(schema.getQueryType()?.getFields().issues?.description).toMatch(/^Newest first/)
  })

  it('keeps from callers what is for the gateway alone', () => {
    const shown = Supergraph.build(composeSupergraph().supergraph ?? '')
      .apiSchema()
      .toGraphQLJSSchema()

    expect(Object.keys(shown.getQueryType()?.getFields() ?? {})).toContain('apiKeys')
    expect(Object.keys(shown.getQueryType()?.getFields() ?? {})).not.toContain('findApiKey')
    expect(shown.getType('ApiKeyCheck')).toBeUndefined()
  })
})
