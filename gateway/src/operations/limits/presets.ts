import type { GATEWAY_ROLE, Principal, Role } from '@redress/shared/access/permissions.ts'

/** Limits of cost and depth of one operation. */
export type Preset = Readonly<{ name: PresetName; costMax: number; depthMax: number }>
export type PresetName = 'strict' | 'standard' | 'relaxed'
export type Presets = Readonly<Record<PresetName, Preset>>

export const PRESETS: Presets = {
  strict: { name: 'strict', costMax: 500, depthMax: 5 },
  standard: { name: 'standard', costMax: 1_000, depthMax: 10 },
  relaxed: { name: 'relaxed', costMax: 5_000, depthMax: 15 },
}

const PRESET_OF_ROLE: Readonly<Record<Role | typeof GATEWAY_ROLE, PresetName>> = {
  gateway: 'strict',
  customer: 'strict',
  monitoring: 'strict',
  ingest: 'strict',
  operator: 'standard',
  reviewer: 'standard',
  read_only: 'standard',
  service: 'standard',
  admin: 'relaxed',
}

const FROM_GENEROUS_TO_STRICT: readonly PresetName[] = ['relaxed', 'standard', 'strict']

/** The most generous preset of a caller's roles; the strict one for a caller without roles. */
export function presetOf(roles: Principal['roles'], presets: Presets = PRESETS): Preset {
  const own = roles.map((role) => PRESET_OF_ROLE[role])
  return presets[FROM_GENEROUS_TO_STRICT.find((preset) => own.includes(preset)) ?? 'strict']
}

const WRITTEN = /^([1-9]\d{0,8})\/([1-9]\d?)$/

/** Whether a text gives both figures of a preset, as `cost/depth`. */
export const isPreset = (text: string) => WRITTEN.test(text)

/** The default presets, replaced by those that are given as `cost/depth`. */
export function readPresets(given: Readonly<Partial<Record<PresetName, string | undefined>>>): Presets {
  const read = (name: PresetName): Preset => {
    const [, cost, depth] = WRITTEN.exec(given[name] ?? '') ?? []
    return cost === undefined ? PRESETS[name] : { name, costMax: Number(cost), depthMax: Number(depth) }
  }
  return { strict: read('strict'), standard: read('standard'), relaxed: read('relaxed') }
}
