import { describe, expect, it } from 'vitest'
import { fromRoot } from '../repository.ts'
import { readStartSettings } from './settings.ts'

describe('the settings of npm start', () => {
  it('have defaults', () => {
    expect(readStartSettings({}, true)).toMatchObject({ gatewayPort: 4000, dataDirectory: fromRoot('.data') })
  })

  it('log only warnings on a terminal, and more otherwise', () => {
    expect(readStartSettings({}, true).logLevel).toBe('warn')
    expect(readStartSettings({}, false).logLevel).toBe('info')
    expect(readStartSettings({ LOG_LEVEL: 'debug' }, true).logLevel).toBe('debug')
  })

  it('take another data directory', () => {
    expect(readStartSettings({ REDRESS_DATA: '/elsewhere' }, true).dataDirectory).toBe('/elsewhere')
  })

  it.for<[string, string]>([
    ['PORT', 'four thousand'],
    ['PORT', '65536'],
    ['LOG_LEVEL', 'loud'],
  ])('refuse %s=%s by name', ([name, value]) => {
    expect(() => readStartSettings({ [name]: value }, true)).toThrow(new RegExp(`^${name} must be`))
  })
})
