import { readEnvironment } from '@redress/shared/process/config.ts'
import { describe, expect, it } from 'vitest'
import { LimitsEnvironment, toLimitsConfig } from './limits-config.ts'
import { isProviderTarget, PROVIDERS, stoppersOf, targetsOf } from './providers.ts'

describe('the table of providers', () => {
  // Written by hand: this is the agreement, and the table is the code.
  it('has the limits of each', () => {
    const figures = Object.entries(PROVIDERS).map(([name, { perSecond, concurrent, burst, cooldownMs }]) =>
      [name, perSecond, concurrent, burst, cooldownMs].join(' '),
    )

    expect(figures).toEqual([
      'stripe 25 10 50 1000',
      'square 8 5 20 2000',
      'sendgrid 5 20 100 1000',
      'twilio 1 5 10 5000',
      'internal 100 50 200 100',
      'anthropic 0.5 5 5 0',
    ])
  })

  it('has the operations that share them', () => {
    expect(targetsOf('stripe')).toEqual(['stripe', 'stripe:charges', 'stripe:refunds', 'stripe:payouts'])
    expect(targetsOf('twilio')).toEqual(['twilio', 'twilio:sms', 'twilio:voice', 'twilio:verify'])
    expect(targetsOf('sendgrid')).toEqual(['sendgrid', 'sendgrid:transactional', 'sendgrid:marketing'])
  })

  it('says what stops an operation: a stop of itself, and of its provider', () => {
    expect(stoppersOf('stripe:refunds')).toEqual(['stripe:refunds', 'stripe'])
    expect(stoppersOf('stripe')).toEqual(['stripe'])
  })

  it.for(['paypal', 'stripe:sms', 'Stripe', '', 'toString'])('does not know %s', (name) => {
    expect(isProviderTarget(name)).toBe(false)
  })
})

describe('the configuration of limits', () => {
  const read = (environment: NodeJS.ProcessEnv) =>
    toLimitsConfig(readEnvironment(LimitsEnvironment, environment), { concurrency: 3, perMinute: 30 }).figures

  it('changes the calls a second of a provider, and nothing else', () => {
    const { stripe, sendgrid, twilio } = read({ RATE_LIMIT_STRIPE: '80', RATE_LIMIT_TWILIO: '0.5' })

    expect(stripe).toMatchObject({ perSecond: 80, concurrent: 10, burst: 50 })
    expect([sendgrid.perSecond, twilio.perSecond]).toEqual([5, 0.5])
  })

  it('gives the model as many calls at once as are configured, and a bucket as large', () => {
    expect(read({}).anthropic).toEqual({ perSecond: 0.5, concurrent: 3, burst: 3, cooldownMs: 0 })
  })

  it.for(['0', '-1', 'many', '10001'])('refuses %s calls a second', (RATE_LIMIT_STRIPE) => {
    expect(() => read({ RATE_LIMIT_STRIPE })).toThrow('RATE_LIMIT_STRIPE')
  })
})
