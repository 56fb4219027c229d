import { causeOf } from '@redress/shared/subgraph/request-context.ts'
import type { Customer } from '../customers/customer.ts'
import type { Context } from '../views/find-visible.ts'
import type { EraseCustomer } from './erase-customer.ts'
import { type Erasure, OTHER_SUBGRAPHS } from './erasure.ts'

type Dependencies = Readonly<{ eraseCustomer: EraseCustomer }>

/** The resolvers of erasures. */
export function createErasureResolvers({ eraseCustomer }: Dependencies) {
  return {
    Mutation: {
      eraseCustomer: async (_: unknown, { customerId, reason }: EraseArguments, context: Context) => ({
        erasure: await eraseCustomer({ customerId, reason, cause: causeOf(context) }),
      }),
    },
    Customer: {
      erasure: ({ id, erasedAt }: Customer, _: unknown, { loaders }: Context) =>
        erasedAt === null ? null : loaders.erasures.load(id),
    },
    Erasure: {
      customer: ({ id }: Erasure, _: unknown, { loaders }: Context) => loaders.customers.load(id),
      status: ({ completedAt }: Erasure) => (completedAt === null ? 'IN_PROGRESS' : 'COMPLETED'),
      subgraphs: ({ erasedAt, confirmedAt }: Erasure) => [
        { name: 'issues', confirmedAt: erasedAt },
        ...OTHER_SUBGRAPHS.map((name) => ({ name, confirmedAt: confirmedAt[name] })),
      ],
    },
  }
}

type EraseArguments = Readonly<{ customerId: string; reason: string }>
