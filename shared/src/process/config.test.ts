import { type } from 'arktype'
import { describe, expect, it } from 'vitest'
import { readEnvironment } from './config.ts'

const Environment = type({
  PORT: "string.integer.parse |> 0 <= number <= 65535 = '4000'",
  DATABASE_URL: 'string.url',
  SECRET: /^[0-9a-f]{8}$/,
})

describe('the environment', () => {
  it('is read into values, with defaults for missing variables', () => {
    const read = readEnvironment(Environment, { DATABASE_URL: 'mongodb://localhost', SECRET: '0123abcd', PORT: '' })

    expect(read).toMatchObject({ PORT: 4000, DATABASE_URL: 'mongodb://localhost' })
  })

  it('that is wrong in several places is refused with all of them at once', () => {
    const read = () => readEnvironment(Environment, { PORT: '70000', SECRET: 'short' })

    expect(read).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringContaining('DATABASE_URL must be'),
          expect.stringContaining('SECRET must be'),
          expect.stringContaining('PORT must be'),
        ],
      }),
    )
  })

  it('never shows a value: one of them is a password', () => {
    const read = () => readEnvironment(Environment, { PORT: 'hunter2', DATABASE_URL: 'hunter2', SECRET: 'hunter2' })

    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }))
  })
})
