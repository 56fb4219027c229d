import { ConfigError } from '@redress/shared/process/config-error.ts'
import { expect, it } from 'vitest'
import { readConfig } from './config.ts'

it('the configuration is refused with the name of every variable that is missing or out of range', () => {
  const environment = { INTERNAL_PUBLIC_KEY: '', MONGODB_URI: 'not an address', AUDIT_PORT: '70000' }

  const refused = expect.objectContaining({
    problems: expect.arrayContaining(
      ['INTERNAL_PUBLIC_KEY', 'MONGODB_URI', 'AUDIT_PORT'].map((name) => expect.stringContaining(name)),
    ),
  })

  expect(() => readConfig(environment)).toThrow(refused)
  expect(() => readConfig(environment)).toThrow(ConfigError)
})
