/** The tenant of callers and data that name none. It also runs the installation: see `INSTALLATION` in permissions.ts. */
export const DEFAULT_TENANT = 'default'

const FORM = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Whether a value can be the name of a tenant: 1 to 63 lower-case letters, digits and hyphens, no hyphen at the start. */
export function isTenant(value: unknown): value is string {
  return typeof value === 'string' && FORM.test(value)
}

/**
 * The tenant that a claim or a stored field names; the default one where it is absent, as in what is older than tenants.
 * @throws Error for another value.
 */
export function toTenant(value: unknown): string {
  if (value === undefined || value === null) return DEFAULT_TENANT
  if (isTenant(value)) return value
  throw new Error('The value is not the name of a tenant.')
}

/** The condition that keeps a query to the documents of one tenant. */
export type OfTenant = Readonly<{ tenant: string }>

/** The condition that keeps a query to the documents of one tenant. Every query for a caller has it. */
export function sameTenant(tenant: string): OfTenant {
  return { tenant }
}
