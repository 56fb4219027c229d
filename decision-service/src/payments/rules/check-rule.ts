import { compileConditions } from '../../policies/table/condition.ts'
import type { RuleProblem } from '../errors.ts'
import type { RuleContent } from './business-rule.ts'
import { RULE_FACTS } from './rule-facts.ts'

const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/
const ID_LENGTH_MAX = 100
const DESCRIPTION_LENGTH_MAX = 500
/** Of `when` as JSON: far more than a rule needs. */
const WHEN_LENGTH_MAX = 4_000

/** Everything that is wrong with a business rule; nothing where it is right. */
export function checkRule(rule: RuleContent): readonly RuleProblem[] {
  return [...ofId(rule), ...ofDescription(rule), ...ofVerdict(rule), ...ofWhen(rule)]
}

function ofId({ id }: RuleContent): readonly RuleProblem[] {
  if (ID.test(id) && id.length <= ID_LENGTH_MAX) return []
  return [{ path: 'id', problem: `must be lower-case words joined by hyphens, at most ${ID_LENGTH_MAX} characters` }]
}

function ofDescription({ description }: RuleContent): readonly RuleProblem[] {
  if (description.trim() !== '' && description.length <= DESCRIPTION_LENGTH_MAX) return []
  return [{ path: 'description', problem: `must have 1 to ${DESCRIPTION_LENGTH_MAX} characters` }]
}

function ofVerdict({ subject, verdict }: RuleContent): readonly RuleProblem[] {
  if (verdict === null) return []
  if (subject !== 'PAYMENT') return [{ path: 'verdict', problem: 'is for rules about payments only' }]
  // The schema has one enum for verdicts, and ALLOW is in it.
  return ['REVIEW', 'BLOCK'].includes(verdict) ? [] : [{ path: 'verdict', problem: 'must be REVIEW or BLOCK' }]
}

function ofWhen({ subject, when }: RuleContent): readonly RuleProblem[] {
  if (Object.keys(when).length === 0) return [{ path: 'when', problem: 'must have at least one condition' }]
  if (JSON.stringify(when).length > WHEN_LENGTH_MAX) {
    return [{ path: 'when', problem: `must have at most ${WHEN_LENGTH_MAX} characters` }]
  }
  const { problems } = compileConditions(when, RULE_FACTS[subject])
  return problems.map(({ path, problem }) => ({ path: ['when', ...path].join('.'), problem }))
}
