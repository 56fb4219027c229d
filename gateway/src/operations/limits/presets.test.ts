import type { Role } from '@redress/shared/access/permissions.ts'
import { expect, it } from 'vitest'
import { PRESETS, presetOf } from './presets.ts'

it.for<[readonly Role[], number, number]>([
  [[], 500, 5],
  [['customer'], 500, 5],
  [['monitoring'], 500, 5],
  [['operator'], 1_000, 10],
  [['reviewer'], 1_000, 10],
  [['read_only'], 1_000, 10],
  [['service'], 1_000, 10],
  [['admin'], 5_000, 15],
  [['customer', 'reviewer'], 1_000, 10],
  [['admin', 'customer'], 5_000, 15],
])('lets %j spend %i and go %i deep', ([roles, costMax, depthMax]) => {
  expect(presetOf(roles)).toMatchObject({ costMax, depthMax })
})

it('follows the configuration', () => {
  const strict = { name: 'strict', costMax: 50, depthMax: 3 } as const

  expect(presetOf(['customer'], { ...PRESETS, strict })).toEqual(strict)
})
