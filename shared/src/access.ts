/** Who asks: a person, a tool or a customer, as the gateway verified it. */
export type Principal = Readonly<{
  id: string
  roles: readonly Role[]
  /** Set for a customer who sees only what is `own`. */
  customerId: string | null
}>

export const ROLES = ['admin', 'operator', 'reviewer', 'read_only', 'monitoring', 'customer', 'service'] as const
export type Role = (typeof ROLES)[number]

const READ = ['issue:read:*', 'customer:read:*', 'transaction:read:*', 'decision:read:*', 'queue:read:*'] as const

/** What each role may do, as `resource:action:target`. `*` stands for all; the target `own` for the caller's own. */
export const PERMISSIONS_OF_ROLE: Readonly<Record<Role, readonly string[]>> = {
  admin: ['*:*:*'],
  operator: [...READ, 'issue:create:*', 'issue:retry:*'],
  reviewer: [...READ, 'issue:review:*', 'customer:read_pii:*'],
  read_only: READ,
  monitoring: ['queue:read:*'],
  customer: ['issue:read:own', 'customer:read:own', 'transaction:read:own'],
  service: [...READ, 'issue:create:*'],
}

/** How far a permission reaches: everything, the caller's own, or nothing. */
export type Reach = 'all' | 'own' | 'none'

/** How far `principal` may do `permission` (`resource:action`, with or without a target). */
export function reachOf({ roles, customerId }: Principal, permission: string): Reach {
  const [resource, action] = permission.split(':')
  const targets = roles
    .flatMap((role) => PERMISSIONS_OF_ROLE[role])
    .map((granted) => granted.split(':'))
    .filter((granted) => covers(granted[0], resource) && covers(granted[1], action))
    .map((granted) => granted[2])
  if (targets.includes('*')) return 'all'
  return targets.includes('own') && customerId !== null ? 'own' : 'none'
}

function covers(granted: string | undefined, wanted: string | undefined): boolean {
  return granted === '*' || granted === wanted
}

/** Whether `principal` may do `permission` to something that belongs to the customer `ownerId`. */
export function can(principal: Principal, permission: string, ownerId: string | null = null): boolean {
  const reach = reachOf(principal, permission)
  return reach === 'all' || (reach === 'own' && ownerId === principal.customerId)
}
