/**
 * The gateway of Mercurius, as documented and without guards. It composes the schemas of its services itself and knows
 * Federation 1 only, so the services are described here by what the benchmark asks for, with texts in place of enums.
 */
import gateway from '@mercuriusjs/gateway'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'
import fastify from 'fastify'

const ISSUES = `
  extend type Query { issue(id: ID!): Issue issues(first: Int, after: String): IssueConnection! }
  type IssueConnection { nodes: [Issue!]! pageInfo: PageInfo! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Issue @key(fields: "id") {
    id: ID! type: String! status: String! priority: String! version: Int! createdAt: String! updatedAt: String!
    customer: Customer! transaction: Transaction resolution: Resolution statusHistory: [StatusChange!]!
  }
  type Customer { id: ID! riskScore: Int }
  type Transaction { id: ID! merchant: String! status: String! amount: Money! }
  type Money { amount: Float! currency: String! }
  type Resolution { action: String! by: String! at: String! }
  type StatusChange { from: String to: String! changedBy: String! at: String! }
`
const DECISIONS = `
  extend type Issue @key(fields: "id") { id: ID! @external decision: Decision }
  type Decision {
    id: ID! action: String! confidence: Int! routing: String! engine: String! reasoning: String! decidedAt: String!
    fallback: Boolean! policyApplied: String policy: PolicyVersion
  }
  type PolicyVersion { skill: String! version: String! }
`
const AUDIT = `
  extend type Issue @key(fields: "id") { id: ID! @external auditTrail(first: Int): AuditConnection }
  type AuditConnection { nodes: [AuditEntry!]! }
  type AuditEntry { id: ID! sequence: Int! action: String! actor: String! at: String! hash: String! }
`
const { ISSUES_URL, DECISIONS_URL, AUDIT_URL } = process.env
const services = [
  { name: 'issues', url: `${ISSUES_URL}/graphql`, schema: ISSUES },
  { name: 'decisions', url: `${DECISIONS_URL}/graphql`, schema: DECISIONS },
  { name: 'audit', url: `${AUDIT_URL}/graphql`, schema: AUDIT },
]

const app = fastify()
// Compiles an operation that was sent before, as its documentation advises for production.
await app.register(gateway, { gateway: { services }, jit: 1 })
announceReady(await app.listen({ host: '127.0.0.1', port: 0 }))
await untilStopped()
await app.close()
