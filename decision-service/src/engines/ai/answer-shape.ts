import { ALLOWED_ACTIONS } from '@redress/shared/actions.ts'
import { ISSUE_TYPES, type IssueType } from '@redress/shared/contracts.ts'
import { type } from 'arktype'

/** The most cases that one question may hold: an answer to more would be long, and lost as a whole. */
export const CASES_MAX = 20

/** The key of a case in a question to a model; an index, so that no internal id leaves the service. */
export const toCaseKey = (index: number): string => `case-${index + 1}`

/** The same for all cases of a type: providers keep what they prepared for a schema. */
export const ANSWER_SCHEMAS = Object.fromEntries(
  ISSUE_TYPES.map((issueType) => [issueType, toSchema(issueType)]),
) as Readonly<Record<IssueType, Readonly<Record<string, unknown>>>>

/** Without bounds of numbers and texts, which providers refuse in a schema; `readOpinions` keeps them. */
function toSchema(issueType: IssueType): Readonly<Record<string, unknown>> {
  const opinion = type({
    '+': 'reject',
    case: 'string',
    action: type.enumerated(...ALLOWED_ACTIONS[issueType]),
    confidence: 'number.integer',
    reasoning: 'string',
    policyApplied: 'string',
  })
  const { $schema: _, ...schema } = type({ '+': 'reject', opinions: opinion.array() }).toJsonSchema()
  return schema
}
