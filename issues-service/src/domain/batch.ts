import type { Cause } from '@redress/shared/events/envelope.ts'

type Command = Readonly<{ cause: Pick<Cause, 'tenant'> }>

/** Commands of two tenants share no batch: each is one transaction of one tenant. */
export const BY_TENANT = { groupBy: ({ cause }: Command) => cause.tenant }

/** The one tenant of the commands of a batch. @throws Error where they have several, or there are none. */
export function tenantOf(commands: readonly Command[]): string {
  const [tenant, ...others] = new Set(commands.map(({ cause }) => cause.tenant))
  if (tenant === undefined || others.length > 0) throw new Error('The commands of a batch must have one tenant.')
  return tenant
}
