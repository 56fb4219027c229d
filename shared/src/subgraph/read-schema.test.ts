import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type EnumTypeDefinitionNode, Kind } from 'graphql'
import { describe, expect, it, onTestFinished } from 'vitest'
import type {
  DecisionAction,
  IssueDetails,
  IssueStatus,
  IssueType,
  Priority,
  Routing,
  TransactionFacts,
} from '../contracts.ts'
import { readSchema } from './read-schema.ts'

function readText(text: string) {
  const directory = mkdtempSync(join(tmpdir(), 'redress-schema-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'schema.graphql')
  writeFileSync(file, text)
  return readSchema(pathToFileURL(file), 'some/schema.graphql').definitions
}

const namesOf = (text: string) => readText(text).flatMap((node) => ('name' in node ? (node.name?.value ?? []) : []))

describe('the schema of a subgraph', () => {
  it('has the definitions of the head that it uses, directly or not', () => {
    expect(namesOf('type Query { price: Money }')).toEqual([
      'permission',
      'bounds',
      'multiline',
      'rows',
      'SafeInt',
      'Currency',
      'Money',
      'Query',
    ])
  })

  it('has nothing of the head that it does not use, but the links', () => {
    const definitions = readText('type Query { ping: String }')

    expect(definitions.map(({ kind }) => kind)).toEqual([
      Kind.SCHEMA_EXTENSION,
      ...Array(4).fill(Kind.DIRECTIVE_DEFINITION),
      Kind.OBJECT_TYPE_DEFINITION,
    ])
  })

  it('that is not GraphQL is refused by file and line', () => {
    expect(() => readText('type Query {\n  price: \n}')).toThrow(
      expect.objectContaining({ source: expect.objectContaining({ name: 'some/schema.graphql' }) }),
    )
  })
})

type Reason<T extends IssueType> = Extract<IssueDetails, { type: T; reason: string }>['reason']

/** The words of the code. A word too many or too few does not compile. */
const WORDS = {
  IssueType: { DECLINE: 1, MISSED_INSTALLMENT: 1, DISPUTE: 1, REFUND_REQUEST: 1 } satisfies Record<IssueType, 1>,
  IssueStatus: { PENDING: 1, PROCESSING: 1, AWAITING_REVIEW: 1, RESOLVED: 1, FAILED: 1 } satisfies Record<
    IssueStatus,
    1
  >,
  DecisionAction: {
    RETRY_PAYMENT: 1,
    BLOCK_CARD: 1,
    APPROVE_REFUND: 1,
    DENY_REFUND: 1,
    ACCEPT_DISPUTE: 1,
    CONTEST_DISPUTE: 1,
    SEND_REMINDER: 1,
    CHARGE_LATE_FEE: 1,
    ESCALATE: 1,
  } satisfies Record<DecisionAction, 1>,
  Routing: { AUTO_RESOLVE: 1, HUMAN_REVIEW: 1, ESCALATE: 1 } satisfies Record<Routing, 1>,
  Priority: { LOW: 1, NORMAL: 1, HIGH: 1, CRITICAL: 1 } satisfies Record<Priority, 1>,
  DeclineCode: { INSUFFICIENT_FUNDS: 1, CARD_EXPIRED: 1, CARD_DECLINED: 1 } satisfies Record<
    Extract<IssueDetails, { type: 'DECLINE' }>['errorCode'],
    1
  >,
  DisputeReason: { ITEM_NOT_RECEIVED: 1, UNAUTHORIZED: 1, PRODUCT_ISSUE: 1 } satisfies Record<Reason<'DISPUTE'>, 1>,
  RefundReason: { CHANGED_MIND: 1, DEFECTIVE: 1, WRONG_ITEM: 1 } satisfies Record<Reason<'REFUND_REQUEST'>, 1>,
  TransactionStatus: { AUTHORIZED: 1, CAPTURED: 1, DECLINED: 1, REFUNDED: 1, DISPUTED: 1 } satisfies Record<
    TransactionFacts['status'],
    1
  >,
  ShippingStatus: { PENDING: 1, IN_TRANSIT: 1, DELIVERED: 1, LOST: 1 } satisfies Record<
    NonNullable<TransactionFacts['shippingStatus']>,
    1
  >,
}

it('the enums of the schema have the words of the code', () => {
  const uses = `type Query { ${Object.keys(WORDS)
    .map((name, index) => `f${index}: ${name}`)
    .join(' ')} }`
  const enums = readText(uses).filter((node): node is EnumTypeDefinitionNode => node.kind === Kind.ENUM_TYPE_DEFINITION)

  const found = Object.fromEntries(
    enums.map(({ name, values = [] }) => [name.value, Object.fromEntries(values.map((one) => [one.name.value, 1]))]),
  )

  expect(found).toEqual(WORDS)
})
