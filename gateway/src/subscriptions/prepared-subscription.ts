import type { GraphQLFormattedError } from 'graphql'
import type { Caller } from '../access/caller.ts'
import type { SubscriptionField } from './fields.ts'

/** A GraphQL request as a transport received it: only its shape has been checked. */
export type GraphqlRequest = Readonly<{
  query: string
  operationName?: string | null
  variables?: Readonly<Record<string, unknown>> | null
  extensions?: Readonly<Record<string, unknown>> | null
  /** The address of the client, added by the transport. */
  clientIp?: string
}>

/** A subscription that was parsed, checked and planned. */
export type PreparedSubscription = Readonly<{
  field: SubscriptionField
  /** Coerced arguments of the field. */
  args: Readonly<Record<string, unknown>>
  /** Equal for subscriptions that get the same answer to the same event, so it covers neither `after` nor filters. */
  key: string
  /**
   * @param event the fields of the GraphQL type of the event; shared, so it must not be changed.
   * @returns the JSON text of the GraphQL result, on one line, with errors as callers may see them.
   */
  answer: (event: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<string>
}>

export type Preparation =
  | Readonly<{ ok: true; subscription: PreparedSubscription }>
  | Readonly<{ ok: false; errors: readonly GraphQLFormattedError[] }>

/** Prepares subscriptions and runs the other operations that arrive over a streaming transport. */
export type StreamedOperations = Readonly<{
  prepare: (request: GraphqlRequest, caller: Caller) => Promise<Preparation>
  /** Runs a query or a mutation; resolves with the JSON text of the GraphQL result. */
  runOnce: (request: GraphqlRequest, caller: Caller) => Promise<string>
}>
