import { describe, expect, it } from 'vitest'
import { toPublicError } from './public-error.ts'

describe('an error', () => {
  it('of a subgraph keeps its code and facts, and names the service', () => {
    const error = {
      message: 'Stale.',
      path: ['reviewIssue'],
      locations: [{ line: 1, column: 1 }],
      extensions: { code: 'CONFLICT', version: 4, serviceName: 'issues', stacktrace: ['at secret.ts:1'] },
    }

    expect(toPublicError(error)).toEqual({
      message: 'Stale.',
      path: ['reviewIssue'],
      extensions: { code: 'CONFLICT', version: 4, service: 'issues' },
    })
  })

  it.for<Record<string, unknown>>([
    {},
    { code: 'INTERNAL_SERVER_ERROR' },
    { code: 'INTERNAL_SERVER_ERROR', serviceName: 'audit', query: 'SELECT' },
    { code: 'DOWNSTREAM_SERVICE_ERROR', serviceName: 'audit' },
    { code: 42, serviceName: 'audit' },
    { code: 'UNSUPPORTED_PLANNER_THING' },
  ])('with %j is not shown', (extensions) => {
    const shown = toPublicError({ message: 'secret', extensions })

    expect(shown.extensions?.code).toBe('INTERNAL_SERVER_ERROR')
    expect(JSON.stringify(shown)).not.toMatch(/secret|SELECT|PLANNER/)
  })

  it('without a code keeps its message where those of its subgraph are shown', () => {
    const error = { message: 'Out of stock.', path: ['buy'], extensions: { code: 7, serviceName: 'shop' } }
    const shown = toPublicError(error, (service) => service === 'shop')

    expect(shown).toEqual({
      message: 'Out of stock.',
      path: ['buy'],
      extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'shop' },
    })
    expect(toPublicError(error, (service) => service === 'other').message).not.toBe('Out of stock.')
  })
})
