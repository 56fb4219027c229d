import { posix } from 'node:path'

/**
 * A part of the tree with rules of its own. `program` is what is started: main.ts, worker.ts, migrate.ts, rotate-keys.ts,
 * seed.ts, check-skills.ts; `start` puts a process together for its program and for tests.
 */
export const AREAS = [
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
  'intake',
  'imports',
  'archive',
  'privacy',
  'samples',
  'stores',
  'views',
  'config',
  'program',
  'start',
  'gateway/http',
  'gateway/operations',
  'gateway/execution',
  'gateway/access',
  'gateway/subscriptions',
  'gateway/observability',
  'gateway/composition',
  'shared',
  'devdb',
  'infra',
  'scripts',
  'bench',
  'test',
] as const
export type Area = (typeof AREAS)[number]

/** The area of a file, and the package that owns it. */
export type Place = Readonly<{ area: Area; owner: string }>

/** `shared/pure`: modules of shared without effects, which the domain may import. */
export type Target = Area | 'shared/pure' | 'package' | 'node' | 'node:crypto'

const PROGRAMS = new Set(['main.ts', 'worker.ts', 'migrate.ts', 'rotate-keys.ts', 'seed.ts', 'check-skills.ts'])
const PURE = [
  'actions.ts',
  'errors.ts',
  'error-codes.ts',
  'canonical-json.ts',
  'card-number.ts',
  'connection.ts',
  'contracts.ts',
  'currency.ts',
  'issue-details.ts',
  'masking.ts',
  'plain-text.ts',
  'time.ts',
  'access/permissions.ts',
  'access/actors.ts',
  'access/api-key.ts',
  'resilience/backoff.ts',
  'resilience/coalesce.ts',
  'resilience/deadline.ts',
  'resilience/looks.ts',
  'events/alert.ts',
  'events/catalogue.ts',
  'events/entity-types.ts',
  'events/envelope.ts',
]
const SHARED = '@redress/shared/'
const DEVDB = '@redress/devdb/'

/** Null for a file in a folder that the tree does not have. */
export function placeOf(path: string): Place | null {
  const [owner = '', ...rest] = path.split('/')
  const area = isTest(path) ? 'test' : areaOf(owner, rest)
  return area === null ? null : { area, owner: owner === 'infra' ? 'devdb' : owner }
}

export const isTest = (path: string) =>
  /\.(test|testing|contract|fixture)\.ts$/.test(path) || /\/(test|testing)\//.test(path)

function areaOf(owner: string, [first = '', folder = '', ...deeper]: readonly string[]): Area | null {
  if (owner === 'scripts') return first === 'bench' || first === 'faults' ? 'bench' : 'scripts'
  if (owner === 'shared') return owner
  if (owner === 'infra') return first === 'devdb' ? 'devdb' : 'infra'
  if (first !== 'src') return null
  if (deeper.length === 0) return PROGRAMS.has(folder) ? 'program' : folder === 'start.ts' ? 'start' : 'config'
  if (owner === 'decision-service' && folder === 'policies' && deeper[0] === 'trials') return 'trials'
  const name = owner === 'gateway' ? `gateway/${folder}` : folder
  return AREAS.find((area) => area === name) ?? null
}

/** The file that a relative or workspace import leads to; null for another package and for Node. */
export function fileOf(specifier: string, from: string): string | null {
  if (specifier.startsWith(SHARED)) return `shared/src/${specifier.slice(SHARED.length)}`
  if (specifier.startsWith(DEVDB)) return `infra/devdb/src/${specifier.slice(DEVDB.length)}`
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : null
}

/** The area that an import leads to; null for a file that stands in no area. */
export function targetOf(specifier: string, from: string): { target: Target; owner: string | null } | null {
  if (specifier === 'node:crypto') return { target: 'node:crypto', owner: null }
  if (specifier.startsWith('node:')) return { target: 'node', owner: null }
  if (specifier.startsWith(SHARED)) {
    return { target: PURE.includes(specifier.slice(SHARED.length)) ? 'shared/pure' : 'shared', owner: 'shared' }
  }
  if (specifier.startsWith(DEVDB)) return { target: 'devdb', owner: 'devdb' }
  if (!specifier.startsWith('.')) return { target: 'package', owner: null }
  const place = placeOf(posix.join(posix.dirname(from), specifier))
  return place && { target: place.area, owner: place.owner }
}
