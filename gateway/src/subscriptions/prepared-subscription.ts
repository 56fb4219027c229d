import type { GraphQLFormattedError } from 'graphql'
import type { Caller } from '../access/caller.ts'

export type { Caller }

/** The fields of the type Subscription. */
export type SubscriptionField = 'issueStatusChanged' | 'decisionMade'

/** A GraphQL request as it came through a door; nothing of it was checked but that it has this shape. */
export type GraphqlRequest = Readonly<{
  query: string
  operationName?: string | null
  variables?: Readonly<Record<string, unknown>> | null
  extensions?: Readonly<Record<string, unknown>> | null
  /** Where it came from; the doors say it. */
  clientIp?: string
}>

/** What a client shows to say who it is, from headers or from `connection_init`. */
export type Credentials = Readonly<{ authorization: string | null; apiKey: string | null }>

/** @throws UnauthenticatedError */
export type Authenticate = (credentials: Credentials, clientIp: string) => Promise<Caller>

/** A subscription that was parsed, checked and planned. */
export type PreparedSubscription = Readonly<{
  field: SubscriptionField
  /** Coerced arguments of the field. */
  args: Readonly<Record<string, unknown>>
  /** Same key, same answer to the same event; so neither `after` nor any other filter needs to be part of it. */
  key: string
  /**
   * @param event the fields of IssueStatusChanged or DecisionMade; must not be changed, since others share it.
   * @returns the JSON text of the GraphQL result, on one line; errors are in it as callers may see them.
   */
  answer: (event: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<string>
}>

export type Preparation =
  | Readonly<{ ok: true; subscription: PreparedSubscription }>
  | Readonly<{ ok: false; errors: readonly GraphQLFormattedError[] }>

/** What the subscriptions need of the rest of the gateway. */
export type Operations = Readonly<{
  prepare: (request: GraphqlRequest, caller: Caller) => Promise<Preparation>
  /** Runs a query or a mutation; resolves with the JSON text of the GraphQL result. */
  runOnce: (request: GraphqlRequest, caller: Caller) => Promise<string>
}>
