import { type } from 'arktype'

/**
 * Data of `customer.erased`: the texts of these issues of the customer are erased, at most 500 in one event. A customer has
 * as many events as it takes, numbered from 1.
 */
export const CustomerErased = type({ part: 'number.integer >= 1', issueIds: 'string[]' })
export type CustomerErased = typeof CustomerErased.infer

/** Data of `customer.erasure_confirmed`: a subgraph has erased what it held of the issues of a part. */
export const ErasureConfirmed = type({ subgraph: "'decisions' | 'audit'", part: 'number.integer >= 1' })
export type ErasureConfirmed = typeof ErasureConfirmed.infer
