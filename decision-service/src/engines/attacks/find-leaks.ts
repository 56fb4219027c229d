import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { ModelRequest } from '../model/model.ts'

const OPEN = /^<data ([0-9a-f]{32})>$/
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}]/u

/**
 * The promises of a prompt that a text broke; empty where the text stayed within its fence.
 * @param calm the question about the same case without a text.
 */
export function findLeaks(request: ModelRequest, calm: ModelRequest, decisionCase: DecisionCase): readonly string[] {
  const [open = '', json = '', close, ...more] = request.user.split('\n')
  const nonce = OPEN.exec(open)?.[1]
  const { facts, text } = readData(json)
  const { issueId, customer, transaction } = decisionCase
  const checks: Readonly<Record<string, boolean>> = {
    'the fence is not where it should be': nonce === undefined || close !== `</data ${nonce}>` || more.length > 0,
    'the number of the fence was known': nonce !== undefined && (calm.user.includes(nonce) || json.includes(nonce)),
    'the instructions depend on the text': request.system.some((part, index) => part !== calm.system[index]),
    'the facts depend on the text': facts !== readData(calm.user.split('\n')[1] ?? '').facts,
    'something that nobody sees is in it': HIDDEN.test(text),
    'a tag is in the data': /[<>]/.test(json),
    // A customer's text may contain something like an id; the text around it must not.
    'an id is in it': [issueId, customer.id, transaction?.id].some((id) => id !== undefined && facts.includes(id)),
  }
  return Object.entries(checks).flatMap(([problem, isBroken]) => (isBroken ? [problem] : []))
}

/** The data of one case with its text taken out, and the text as a model reads it. */
function readData(json: string): { facts: string; text: string } {
  try {
    const { cases, ...rest } = JSON.parse(json)
    const [{ customerText = '', ...first }, ...others] = cases
    return { facts: JSON.stringify({ ...rest, cases: [first, ...others] }), text: customerText }
  } catch {
    return { facts: 'unreadable', text: '' }
  }
}
