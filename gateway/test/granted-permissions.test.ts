import { readFileSync } from 'node:fs'
import { PERMISSIONS_OF_ROLE, type Principal, ROLES, reachOf } from '@redress/shared/access/permissions.ts'
import { parse, visit } from 'graphql'
import { describe, expect, it } from 'vitest'

const EVERYTHING = '*:*:*'

/** Permissions that only a role with every permission has. Written by hand, so that a typo in a schema is not one of them. */
const ADMIN_ONLY = [
  'api_key:create:*',
  'api_key:read:*',
  'api_key:revoke:*',
  'audit:read:*',
  'audit:verify:*',
  'customer:erase:*',
  'policy:publish:*',
  'provider:reset:*',
  'provider:stop:*',
  'queue:clear:*',
  'token:revoke:*',
]
/** Permissions that stand at no field: the code checks them. */
const CHECKED_BY_CODE = ['schema:read', 'report:create']

const resourceAndAction = (urn: string) => urn.split(':', 2).join(':')

function urnsOfSupergraph(): readonly string[] {
  const urns = new Set<string>()
  visit(parse(readFileSync(new URL('../supergraph.graphql', import.meta.url), 'utf8')), {
    Directive({ name, arguments: [urn] = [] }) {
      if (name.value === 'permission' && urn?.value.kind === 'StringValue') urns.add(urn.value.value)
    },
  })
  return [...urns].sort()
}

/** Some principal of each role; roles with every permission are left out. */
const principals = Object.entries(PERMISSIONS_OF_ROLE)
  .filter(([, granted]) => !granted.includes(EVERYTHING))
  .map(
    ([role]): Principal => ({
      id: role,
      roles: [role as Principal['roles'][number]],
      customerId: 'cust_1',
      tenant: 'default',
    }),
  )

describe('the permissions of the supergraph', () => {
  const required = urnsOfSupergraph()

  it('are each granted to some role', () => {
    const ungranted = required.filter((urn) => principals.every((principal) => reachOf(principal, urn) === 'none'))

    expect(ungranted).toEqual(ADMIN_ONLY)
  })

  it.for([...ROLES])('are all those that the role %s is granted, but for what the code checks', (role) => {
    const known = new Set([...required.map(resourceAndAction), ...CHECKED_BY_CODE])
    const granted = PERMISSIONS_OF_ROLE[role].filter((urn) => urn !== EVERYTHING)

    expect(granted.filter((urn) => !known.has(resourceAndAction(urn)))).toEqual([])
  })
})
