/** A query of the benchmark. Each request has the next number, so that no two concurrent requests are equal. */
export type BenchOperation = Readonly<{ name: OperationName; query: string; variables: (number: number) => object }>

export const OPERATION_NAMES = ['oneField', 'entityJoin', 'list50'] as const
export type OperationName = (typeof OPERATION_NAMES)[number]

/** Seven digits, so that all answers to an operation have the same length, by which they are checked. */
export const numbered = (prefix: string, number: number) => `${prefix}${String(number % 10_000_000).padStart(7, '0')}`

const byId = (number: number) => ({ id: numbered('iss_', number) })

export const OPERATIONS: readonly BenchOperation[] = [
  {
    name: 'oneField',
    query: 'query OneField($id: ID!) { issue(id: $id) { id status } }',
    variables: byId,
  },
  {
    name: 'entityJoin',
    query: `query EntityJoin($id: ID!) {
  issue(id: $id) {
    id
    type
    status
    priority
    version
    createdAt
    decision { id action confidence routing engine reasoning decidedAt }
    auditTrail(first: 3) { nodes { id sequence action actor at hash } }
  }
}`,
    variables: byId,
  },
  {
    name: 'list50',
    query: `query List50($after: String) {
  issues(first: 50, after: $after) {
    nodes {
      id
      type
      status
      priority
      version
      createdAt
      updatedAt
      customer { id riskScore }
      transaction { id merchant status amount { amount currency } }
      resolution { action by at }
      statusHistory { from to changedBy at }
      decision { id action confidence routing engine fallback policyApplied policy { skill version } decidedAt }
      auditTrail(first: 2) { nodes { sequence action actor at } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: (number) => ({ after: numbered('cur_', number) }),
  },
]

export const bodyOf = ({ query, variables }: BenchOperation, number: number): string =>
  JSON.stringify({ query, variables: variables(number) })
