import { describe, expect, it } from 'vitest'
import { findLayerBreaches } from './layers.ts'
import { parseSource } from './parse-source.ts'

const imports = (path: string, specifier: string) => parseSource({ path, text: `import '${specifier}'\n` })

describe('the layers inside a subject', () => {
  it.for([
    ['domain', 'mongodb'],
    ['domain', 'node:fs'],
    ['domain', '@redress/shared/stores/mongo.ts'],
    ['domain', '../use-cases/pay.ts'],
    ['use-cases', 'mongodb'],
    ['use-cases', '../outbound/mongo-payments.ts'],
    ['use-cases', '../../decisions/outbound/mongo-views.ts'],
    ['inbound', '../outbound/mongo-payments.ts'],
    ['outbound', '../inbound/resolvers.ts'],
  ])('do not let %s import %s', ([layer, specifier]) => {
    const path = `decision-service/src/payments/${layer}/a.ts`

    expect(findLayerBreaches([imports(path, specifier!)])).toEqual([
      `${path}: imports ${specifier}; ${layer} of a subject may not`,
    ])
  })

  it.for([
    ['domain', 'node:crypto'],
    ['domain', '../../decisions/domain/routing.ts'],
    ['domain', '@redress/shared/contracts.ts'],
    ['use-cases', '../domain/payment.ts'],
    ['use-cases', '../rules/payment-rule.ts'],
    ['inbound', 'mongodb'],
    ['outbound', '../use-cases/ports.ts'],
  ])('let %s import %s', ([layer, specifier]) => {
    expect(findLayerBreaches([imports(`decision-service/src/payments/${layer}/a.ts`, specifier!)])).toEqual([])
  })

  it('hold in a part of a subject too', () => {
    const file = imports('decision-service/src/policies/trials/domain/a.ts', 'mongodb')

    expect(findLayerBreaches([file])).toHaveLength(1)
  })
})
