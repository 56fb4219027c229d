import { readFileSync } from 'node:fs'
import { parse } from 'graphql'

/** An operation that names a thing that is not there, and its answer: null, or the code of the error. */
type Row = Readonly<{ args: string; answer: null | string }>

const RANGE = 'from: "2030-01-01T00:00:00Z", to: "2030-01-02T00:00:00Z"'
const DECLINE = 'details: { decline: { errorCode: CARD_EXPIRED, autoRetryCount: 1 } }'
const POLICY = 'skill: "no-policy"'
const VERSION = 'skill: "refund-policy", digest: "no-digest"'

/**
 * Every root field that takes the name of a thing that must be there. Finders answer null; what acts on a thing, mutations
 * and the repetition of a decision, answers with a code that ends with _NOT_FOUND.
 */
export const ROWS_OF_FIELD: Readonly<Record<string, readonly Row[]>> = {
  'Query.issue': [{ args: 'id: "none"', answer: null }],
  'Query.archiveRun': [{ args: 'id: "none"', answer: null }],
  'Query.import': [{ args: 'id: "none"', answer: null }],
  'Query.customer': [{ args: 'id: "none"', answer: null }],
  'Query.transaction': [{ args: 'id: "none"', answer: null }],
  'Query.decision': [{ args: 'id: "none"', answer: null }],
  'Query.policy': [{ args: POLICY, answer: null }],
  'Query.queue': [{ args: 'name: "none"', answer: null }],
  'Query.job': [{ args: 'id: "none"', answer: null }],
  'Query.backtest': [{ args: 'id: "none"', answer: null }],
  'Query.paymentDecision': [{ args: 'id: "none"', answer: null }],
  'Query.replayDecision': [{ args: 'id: "none"', answer: 'DECISION_NOT_FOUND' }],
  'Query.simulateDecision': [
    { args: 'input: { issueId: "none" }', answer: 'DECISION_NOT_FOUND' },
    {
      args: `input: { digest: "none", case: { ${DECLINE}, customer: { riskScore: 1, accountAgeDays: 1 } } }`,
      answer: 'POLICY_VERSION_NOT_FOUND',
    },
  ],
  'Mutation.updateCustomer': [{ args: 'input: { id: "none", riskScore: 1 }', answer: 'CUSTOMER_NOT_FOUND' }],
  'Mutation.createTransaction': [
    {
      args: 'input: { externalId: "u3", customerId: "none", merchant: "Shop", amount: { amount: 1 }, status: CAPTURED }',
      answer: 'CUSTOMER_NOT_FOUND',
    },
  ],
  'Mutation.updateTransactionStatus': [
    { args: 'input: { id: "none", status: CAPTURED }', answer: 'TRANSACTION_NOT_FOUND' },
  ],
  'Mutation.createIssue': [
    { args: `input: { idempotencyKey: "u1", customerId: "none", ${DECLINE} }`, answer: 'CUSTOMER_NOT_FOUND' },
    {
      args: `input: { idempotencyKey: "u2", customerId: "cust_042", transactionId: "none", ${DECLINE} }`,
      answer: 'TRANSACTION_NOT_FOUND',
    },
  ],
  'Mutation.reviewIssue': [{ args: 'input: { issueId: "none", action: APPROVE_REFUND }', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.eraseCustomer': [{ args: 'customerId: "none", reason: "test"', answer: 'CUSTOMER_NOT_FOUND' }],
  'Mutation.addIssueNote': [{ args: 'id: "none", text: "hi", idempotencyKey: "k"', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.assignIssue': [{ args: 'id: "none", reason: "why"', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.claimIssue': [{ args: 'id: "none"', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.releaseIssue': [{ args: 'id: "none"', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.retryIssue': [{ args: 'id: "none"', answer: 'ISSUE_NOT_FOUND' }],
  'Mutation.proposePolicy': [
    { args: `input: { ${POLICY}, files: [{ path: "rules.json", content: "{}" }] }`, answer: 'POLICY_NOT_FOUND' },
  ],
  'Mutation.publishPolicy': [
    { args: `input: { ${POLICY}, digest: "none" }`, answer: 'POLICY_NOT_FOUND' },
    { args: `input: { ${VERSION} }`, answer: 'POLICY_VERSION_NOT_FOUND' },
  ],
  'Mutation.rollbackPolicy': [
    { args: `input: { ${POLICY}, reason: "r" }`, answer: 'POLICY_NOT_FOUND' },
    { args: `input: { ${VERSION}, reason: "r" }`, answer: 'POLICY_VERSION_NOT_FOUND' },
  ],
  'Mutation.startPolicyTrial': [
    { args: `input: { ${POLICY}, digest: "none", mode: SHADOW }`, answer: 'POLICY_NOT_FOUND' },
    { args: `input: { ${VERSION}, mode: SHADOW }`, answer: 'POLICY_VERSION_NOT_FOUND' },
  ],
  'Mutation.endPolicyTrial': [{ args: POLICY, answer: 'POLICY_NOT_FOUND' }],
  'Mutation.backtestPolicy': [
    { args: `${POLICY}, digest: "none", ${RANGE}`, answer: 'POLICY_NOT_FOUND' },
    { args: `${VERSION}, ${RANGE}`, answer: 'POLICY_VERSION_NOT_FOUND' },
  ],
  'Mutation.restoreAutonomy': [{ args: 'digest: "none", action: APPROVE_REFUND', answer: 'POLICY_VERSION_NOT_FOUND' }],
  'Mutation.addJob': [
    { args: 'input: { type: "none", data: {} }', answer: 'JOB_TYPE_NOT_FOUND' },
    { args: 'input: { type: "analytics-track", queue: "none", data: {} }', answer: 'QUEUE_NOT_FOUND' },
  ],
  'Mutation.retryJob': [{ args: 'id: "none", reason: "test"', answer: 'JOB_NOT_FOUND' }],
  'Mutation.addFlow': [{ args: 'jobs: [{ type: "none", data: {} }]', answer: 'JOB_TYPE_NOT_FOUND' }],
  'Mutation.cancelJob': [{ args: 'id: "none", reason: "test"', answer: 'JOB_NOT_FOUND' }],
  'Mutation.createDownload': [{ args: 'jobId: "none"', answer: 'JOB_NOT_FOUND' }],
  'Mutation.retryDeadLetter': [{ args: 'id: "none", reason: "test"', answer: 'DEAD_LETTER_NOT_FOUND' }],
  'Mutation.pauseQueue': [{ args: 'name: "none", reason: "test"', answer: 'QUEUE_NOT_FOUND' }],
  'Mutation.resumeQueue': [{ args: 'name: "none", reason: "test"', answer: 'QUEUE_NOT_FOUND' }],
  'Mutation.clearQueue': [
    { args: 'name: "none", state: FAILED, confirm: "none", reason: "test"', answer: 'QUEUE_NOT_FOUND' },
  ],
  'Mutation.emergencyStop': [
    { args: 'providers: ["none"], confirm: "none", reason: "test"', answer: 'PROVIDER_NOT_FOUND' },
  ],
  'Mutation.resumeProviders': [{ args: 'providers: ["none"], reason: "test"', answer: 'PROVIDER_NOT_FOUND' }],
  'Mutation.resetProviderLimit': [{ args: 'provider: "none", reason: "test"', answer: 'PROVIDER_NOT_FOUND' }],
  'Mutation.pauseSchedule': [{ args: 'name: "none", reason: "test"', answer: 'SCHEDULE_NOT_FOUND' }],
  'Mutation.resumeSchedule': [{ args: 'name: "none", reason: "test"', answer: 'SCHEDULE_NOT_FOUND' }],
  'Mutation.runSchedule': [{ args: 'name: "none", reason: "test"', answer: 'SCHEDULE_NOT_FOUND' }],
  'Mutation.decidePayment': [
    {
      args: 'input: { customerId: "none", amount: { amount: 1 }, payeeId: "p", idempotencyKey: "u" }',
      answer: 'CUSTOMER_NOT_FOUND',
    },
  ],
  'Mutation.revokeApiKey': [{ args: 'id: "none"', answer: 'API_KEY_NOT_FOUND' }],
}

/** Root fields whose arguments name nothing that must be there: filters, new things, ranges, and ids of any number. */
export const NAMES_NOTHING: readonly string[] = [
  // Their names of things are filters, as those of `issues`.
  'Query.customers',
  'Query.reviewQueue',
  'Query.transactions',
  'Mutation.createCustomer',
  'Mutation.archiveIssues',
  // Each row has the answer of `createCustomer`, `createTransaction` or `createIssue`.
  'Mutation.importRows',
  // An event of a payment that is not there waits for it.
  'Mutation.ingestPaymentEvents',
  'Query.decisionAnalytics',
  'Query.failureAnalysis',
  'Query.jobMetrics',
  'Query.scheduleTimes',
  'Query.verifyAuditChain',
  'Mutation.createApiKey',
  // Each row has the answer of `createIssue`, of `reviewIssue` or of `addJob`.
  'Mutation.reviewIssues',
  'Mutation.createIssues',
  'Mutation.addJobs',
  // Tokens are made elsewhere.
  'Mutation.revokeTokens',
  'Mutation.replayAuditDeadLetters',
  'Mutation.replayDecisionsDeadLetters',
  'Mutation.replayIssuesDeadLetters',
  // Their filters may match nothing.
  'Mutation.retryDeadLetters',
  'Mutation.discardDeadLetters',
  'Mutation.upsertRule',
  'Mutation.upsertSchedule',
]

const SUPERGRAPH = new URL('../supergraph.graphql', import.meta.url)
const PAGE_ARGUMENTS = new Set(['first', 'after', 'last', 'before', 'filter'])

/** The public fields of Query and Mutation with an argument that is neither of a page nor a filter. */
export function rootFieldsWithArguments(): readonly string[] {
  return parse(readFileSync(SUPERGRAPH, 'utf8')).definitions.flatMap((node) => {
    if (node.kind !== 'ObjectTypeDefinition' || !['Query', 'Mutation'].includes(node.name.value)) return []
    const isPublic = (field: NonNullable<typeof node.fields>[number]) =>
      !field.directives?.some(({ name }) => name.value === 'inaccessible')
    const named = (node.fields ?? []).filter(
      (field) => isPublic(field) && field.arguments?.some(({ name }) => !PAGE_ARGUMENTS.has(name.value)),
    )
    return named.map((field) => `${node.name.value}.${field.name.value}`)
  })
}

/** The operation of a row. */
export function toOperation(field: string, { args }: Row): string {
  const [type = '', name] = field.split('.')
  return `${type.toLowerCase()} { answer: ${name}(${args}) { __typename } }`
}
