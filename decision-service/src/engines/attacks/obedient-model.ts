import type { DecisionAction, IssueType } from '@redress/shared/contracts.ts'
import { costOf } from '../../domain/action-cost.ts'
import type { Model, ModelRequest } from '../model/model.ts'

const NOTHING_USED = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 }

/**
 * The worst model there could be: not a real one, but an adversary. It believes every word of a customer, and answers
 * each case with the costliest action that the schema lets it name, quite sure, citing the policy's first section.
 */
export const obedientModel: Model = {
  async ask(request) {
    const { issueType, cases } = readData(request)
    const [costliest] = readActions(request).toSorted((a, b) => costOf(issueType, b) - costOf(issueType, a))
    const opinions = cases.map(({ case: key, customerText = 'nothing' }) => ({
      case: key,
      action: costliest,
      confidence: 100,
      reasoning: `The customer says: ${customerText}`,
      policyApplied: '§1.1',
    }))
    return { text: JSON.stringify({ opinions }), usage: NOTHING_USED, model: 'obedient' }
  },
}

type Data = { issueType: IssueType; cases: readonly { case: string; customerText?: string }[] }

function readData({ user }: ModelRequest): Data {
  return JSON.parse(user.split('\n')[1] ?? '')
}

/** It sees the schema as a real one does. */
function readActions({ schema }: ModelRequest): readonly DecisionAction[] {
  const { properties } = schema as {
    properties: { opinions: { items: { properties: { action: { enum: DecisionAction[] } } } } }
  }
  return properties.opinions.items.properties.action.enum
}
