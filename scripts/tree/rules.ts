import { type Area, type Place, placeOf, type Target, targetOf } from './areas.ts'
import type { ParsedSource } from './parse-source.ts'

const GATEWAY = [
  'gateway/http',
  'gateway/subscriptions',
  'gateway/operations',
  'gateway/execution',
  'gateway/access',
  'gateway/observability',
] as const
const INNER = ['gateway/operations', 'gateway/execution', 'gateway/access'] as const
const RECORDS = ['customers', 'imports', 'issues', 'stores'] as const
const OUTSIDE = ['shared', 'shared/pure', 'package', 'node', 'node:crypto'] as const

/**
 * The allowed imports. This table is the architecture; the README only draws it. Areas of a service mean its
 * own ones: no service imports another, and nothing imports a `program`. A permission that no import uses fails the check.
 */
const MAY_IMPORT: Readonly<Record<Area, readonly Target[]>> = {
  // A hash is a pure function.
  domain: ['domain', 'node:crypto', 'shared/pure'],
  'use-cases': ['domain', 'use-cases', 'shared/pure'],
  inbound: ['domain', 'use-cases', 'inbound', ...OUTSIDE],
  outbound: ['domain', 'use-cases', 'outbound', ...OUTSIDE],
  // Benchmarks measure parts of a service; the fault simulator uses the servers of their tests.
  bench: [...RECORDS, 'config', 'engines', 'jobs', 'policies', 'bench', 'scripts', 'test', ...OUTSIDE],
  engines: ['domain', 'engines', 'jobs', 'policies', ...OUTSIDE],
  // The subjects of the decision service.
  jobs: ['jobs', ...OUTSIDE],
  policies: ['domain', 'policies', ...OUTSIDE],
  trials: ['domain', 'engines', 'jobs', 'policies', 'trials', 'decisions', ...OUTSIDE],
  payments: ['domain', 'jobs', 'policies', 'payments', ...OUTSIDE],
  oversight: ['domain', 'oversight', 'decisions', ...OUTSIDE],
  decisions: ['domain', 'engines', 'jobs', 'policies', 'decisions', ...OUTSIDE],
  // The subjects of the issues service, and what reads and writes its database for all of them.
  customers: ['domain', 'customers', 'stores', 'views', ...OUTSIDE],
  transactions: ['domain', 'customers', 'transactions', 'stores', 'views', ...OUTSIDE],
  issues: ['domain', 'customers', 'transactions', 'issues', 'stores', 'views', ...OUTSIDE],
  intake: ['domain', 'customers', 'transactions', 'issues', 'intake', 'stores', 'views', ...OUTSIDE],
  imports: ['domain', 'customers', 'transactions', 'issues', 'imports', 'stores', 'views', ...OUTSIDE],
  archive: ['archive', 'domain', 'stores', 'views', ...OUTSIDE],
  privacy: ['domain', 'customers', 'privacy', 'stores', 'views', ...OUTSIDE],
  samples: ['customers', 'transactions', 'samples', 'stores', ...OUTSIDE],
  stores: [
    'domain',
    'customers',
    'transactions',
    'issues',
    'intake',
    'imports',
    'archive',
    'privacy',
    'stores',
    'views',
    ...OUTSIDE,
  ],
  views: ['domain', 'customers', 'transactions', 'issues', 'privacy', 'stores', 'views', ...OUTSIDE],
  // A configuration may import the checks of the modules that use a value.
  config: [
    'domain',
    'engines',
    'jobs',
    'policies',
    'trials',
    'payments',
    'oversight',
    'decisions',
    'issues',
    'customers',
    'transactions',
    'imports',
    'archive',
    'privacy',
    'config',
    'gateway/access',
    'gateway/operations',
    ...OUTSIDE,
  ],
  program: [
    'use-cases',
    'inbound',
    'outbound',
    'engines',
    'jobs',
    'policies',
    'trials',
    'payments',
    'oversight',
    'decisions',
    'issues',
    'customers',
    'intake',
    'archive',
    'privacy',
    'samples',
    'stores',
    'views',
    'config',
    'start',
    ...OUTSIDE,
  ],
  start: ['config', ...GATEWAY, ...OUTSIDE],

  // From the transports inwards, never back.
  'gateway/http': [...INNER, 'gateway/http', ...OUTSIDE],
  'gateway/subscriptions': [...INNER, 'gateway/subscriptions', 'gateway/observability', ...OUTSIDE],
  'gateway/operations': [...INNER, ...OUTSIDE],
  'gateway/execution': ['gateway/execution', 'gateway/access', ...OUTSIDE],
  'gateway/access': ['gateway/access', ...OUTSIDE],
  // Metrics do not know the modules that record them.
  'gateway/observability': ['gateway/observability', ...OUTSIDE],
  'gateway/composition': OUTSIDE,

  shared: OUTSIDE,
  devdb: ['devdb', ...OUTSIDE],
  infra: [],
  scripts: ['scripts', 'gateway/composition', ...OUTSIDE],
  // A test may import what it tests, and scripts that start the processes it needs.
  test: [
    'test',
    'start',
    'config',
    'domain',
    'use-cases',
    'inbound',
    'outbound',
    'engines',
    'jobs',
    'policies',
    'trials',
    'payments',
    'oversight',
    'decisions',
    'issues',
    'customers',
    'transactions',
    'archive',
    'intake',
    'imports',
    'privacy',
    'samples',
    'stores',
    'views',
    ...GATEWAY,
    'gateway/composition',
    'devdb',
    'bench',
    'scripts',
    ...OUTSIDE,
  ],
}

/** Packages that other packages may import, within the table. */
const OPEN_OWNERS = new Set<string | null>([null, 'shared', 'devdb'])

/** One line for every import that the table does not permit, and for every file that stands in no area of it. */
export function findForbiddenImports(files: readonly ParsedSource[]): readonly string[] {
  return files.flatMap(({ path, imports }) => {
    const place = placeOf(path)
    if (place === null) return [`${path}: is in a folder that the tree does not have`]
    return imports.flatMap((specifier) => {
      const problem = problemOf(place, specifier, path)
      return problem === null ? [] : [`${path}: imports ${specifier}; ${problem}`]
    })
  })
}

function problemOf(place: Place, specifier: string, path: string): string | null {
  const found = targetOf(specifier, path)
  if (found === null) return 'which has no place in the tree'
  const { target, owner } = found
  if (target === 'program') return 'nothing may import a program'
  if (!MAY_IMPORT[place.area].includes(target)) return `${place.area} may not import ${target}`

  const isOpen = OPEN_OWNERS.has(owner) || target === 'gateway/composition' || place.area === 'bench'
  const isScriptForTest = owner === 'scripts' && place.area === 'test'
  return owner === place.owner || isOpen || isScriptForTest ? null : `${place.owner} may not import ${owner}`
}

/** One line for every permission that no import uses: it is taken out. `OUTSIDE` counts as one permission. */
export function findUnusedPermissions(files: readonly ParsedSource[]): readonly string[] {
  const used = new Set(files.flatMap(usesOf))
  return Object.entries(MAY_IMPORT).flatMap(([area, targets]) => {
    const isUsed = (target: Target) => used.has(`${area} ${target}`)
    const hasOutside = OUTSIDE.every((target) => targets.includes(target)) && OUTSIDE.some(isUsed)
    return targets
      .filter((target) => !isUsed(target) && !(hasOutside && isOutside(target)))
      .map((target) => `scripts/tree/rules.ts: no file of ${area} imports ${target}; take the permission out`)
  })
}

const isOutside = (target: Target): boolean => OUTSIDE.some((one) => one === target)

function usesOf({ path, imports }: ParsedSource): readonly string[] {
  const area = placeOf(path)?.area
  return imports.map((specifier) => `${area} ${targetOf(specifier, path)?.target}`)
}
