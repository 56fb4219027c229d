import { DEFAULT_TENANT } from './tenant.ts'

/** The verified caller: a person, a tool or a customer. */
export type Principal = Readonly<{
  id: string
  roles: readonly (Role | typeof GATEWAY_ROLE)[]
  /** The customer whose own data the caller may see; null for staff and tools. */
  customerId: string | null
  /** The tenant whose data the caller may see, and no other's. */
  tenant: string
}>

/** The roles that a token or an API key may have. */
export const ROLES = [
  'admin',
  'operator',
  'reviewer',
  'read_only',
  'monitoring',
  'customer',
  'service',
  'ingest',
] as const
export type Role = (typeof ROLES)[number]

/** The gateway on its own behalf. Not in ROLES, so that no caller can have it. */
export const GATEWAY_ROLE = 'gateway'
export const GATEWAY_PRINCIPAL: Principal = {
  ...{ id: 'gateway', roles: [GATEWAY_ROLE], customerId: null },
  tenant: DEFAULT_TENANT,
}

const READ = [
  'issue:read:*',
  'issue:read_internal:*',
  'customer:read:*',
  'customer:read_risk:*',
  'transaction:read:*',
  'decision:read:*',
  'queue:read:*',
  'schema:read:*',
  'policy:read:*',
  'payment:read:*',
  'rule:read:*',
  'schedule:read:*',
] as const

/** The permissions of each role, as `resource:action:target`. `*` stands for all; the target `own` for the caller's own. */
export const PERMISSIONS_OF_ROLE: Readonly<Record<Role | typeof GATEWAY_ROLE, readonly string[]>> = {
  admin: ['*:*:*'],
  operator: [
    ...READ,
    'decision:simulate:*',
    'issue:create:*',
    'import:write:*',
    'import:read:*',
    'issue:retry:*',
    'issue:archive:*',
    'issue:assign:*',
    'customer:write:*',
    'transaction:write:*',
    'dead_letter:read:*',
    'dead_letter:replay:*',
    'dead_letter:discard:*',
    'policy:propose:*',
    'payment:decide:*',
    'payment:ingest:*',
    'rule:write:*',
    'schedule:write:*',
    'job:add:*',
    'job:read:*',
    'job:read_all:*',
    'job:retry:*',
    'job:cancel:*',
    'queue:pause:*',
    'report:create:*',
    'file:download:*',
  ],
  reviewer: [...READ, 'decision:simulate:*', 'issue:review:*', 'issue:assign:*', 'customer:read_pii:*'],
  read_only: READ,
  monitoring: ['queue:read:*'],
  customer: ['issue:read:own', 'customer:read:own', 'transaction:read:own'],
  service: [
    ...READ,
    'issue:create:*',
    'import:write:*',
    'import:read:*',
    'customer:write:*',
    'transaction:write:*',
    'payment:decide:*',
    'payment:ingest:*',
    'job:add:*',
    'job:read:*',
  ],
  ingest: ['payment:ingest:*'],
  [GATEWAY_ROLE]: ['api_key:verify:*', 'refusal:record:*', 'file:serve:*'],
}

/** Permissions that `*` does not cover: they must be granted by name. */
const BY_NAME_ONLY: ReadonlySet<string> = new Set(['api_key:verify', 'refusal:record', 'file:serve'])

/** Denied to API keys: a key may belong to the same person as a token, and four eyes must be two people. */
const PEOPLE_ONLY: ReadonlySet<string> = new Set(['policy:propose', 'policy:publish'])
/**
 * Changes of what all tenants share: queues, schedules, limits of providers, policies, and the audit log as a whole. Only
 * callers of the default tenant, which runs the installation, may make them, whatever their roles.
 */
const INSTALLATION: ReadonlySet<string> = new Set([
  'queue:pause',
  'queue:clear',
  'schedule:write',
  'provider:stop',
  'provider:reset',
  'policy:propose',
  'policy:publish',
  'rule:write',
  'audit:verify',
  'issue:archive',
  'issue:purge',
])
/** Prefix of the principal id of an API key. */
export const API_KEY_PRINCIPAL = 'api-key:'

/** How far a permission reaches: everything, the caller's own, or nothing. */
export type Reach = 'all' | 'own' | 'none'

/** How far `principal` may do `permission` (`resource:action`, with or without a target). */
export function reachOf({ id, roles, customerId, tenant }: Principal, permission: string): Reach {
  if (id.startsWith(API_KEY_PRINCIPAL) && PEOPLE_ONLY.has(withoutTarget(permission))) return 'none'
  if (tenant !== DEFAULT_TENANT && INSTALLATION.has(withoutTarget(permission))) return 'none'
  const reaches = reachesOf(roles)
  let reach = reaches.get(permission)
  if (reach === undefined) {
    reach = findReach(roles, permission)
    reaches.set(permission, reach)
  }
  return reach === 'own' && customerId === null ? 'none' : reach
}

export type Access = Readonly<{ allowed: boolean; reason: 'granted' | 'not granted' | 'not their own' }>

const GRANTED: Access = { allowed: true, reason: 'granted' }
const NOT_GRANTED: Access = { allowed: false, reason: 'not granted' }
const NOT_THEIR_OWN: Access = { allowed: false, reason: 'not their own' }

/** Whether `principal` may do `permission` to something that belongs to the customer `ownerId`, and why. */
export function check(principal: Principal, permission: string, ownerId: string | null = null): Access {
  const reach = reachOf(principal, permission)
  if (reach === 'none') return NOT_GRANTED
  return reach === 'all' || isOwner(principal, ownerId) ? GRANTED : NOT_THEIR_OWN
}

/** Whether `principal` may do `permission` to something that belongs to the customer `ownerId`. */
export function can(principal: Principal, permission: string, ownerId: string | null = null): boolean {
  return check(principal, permission, ownerId).allowed
}

/** Whether something of the customer `ownerId` is the caller's own; false without an owner. */
export function isOwner({ customerId }: Principal, ownerId: string | null): boolean {
  return customerId !== null && customerId === ownerId
}

export function hasRole({ roles }: Principal, role: Role): boolean {
  return roles.includes(role)
}

type Roles = Principal['roles']
/** Reaches computed so far, by permission. Bounded: permissions are written in schemas and code. */
type Reaches = Map<string, Reach>

/** By set of roles, of which there are few; and by the caller's own list of roles, so that a hit is one look-up. */
const reachesOfSet = new Map<string, Reaches>()
const reachesOfList = new WeakMap<Roles, Reaches>()

function reachesOf(roles: Roles): Reaches {
  const known = reachesOfList.get(roles)
  if (known) return known
  const set = [...new Set(roles)].sort().join()
  const reaches = reachesOfSet.get(set) ?? new Map<string, Reach>()
  reachesOfSet.set(set, reaches)
  reachesOfList.set(roles, reaches)
  return reaches
}

const withoutTarget = (permission: string) => permission.split(':', 2).join(':')

function findReach(roles: Roles, permission: string): Reach {
  const [resource = '', action = ''] = permission.split(':')
  const wildcard = BY_NAME_ONLY.has(`${resource}:${action}`) ? null : '*'
  const covers = (granted: string | undefined, wanted: string) => granted === wanted || granted === wildcard
  const targets = roles
    .flatMap((role) => PERMISSIONS_OF_ROLE[role])
    .map((granted) => granted.split(':'))
    .filter((granted) => covers(granted[0], resource) && covers(granted[1], action))
    .map((granted) => granted[2])
  if (targets.includes('*')) return 'all'
  return targets.includes('own') ? 'own' : 'none'
}
