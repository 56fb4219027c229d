import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { RuleContent } from './business-rule.ts'
import type { Rules } from './ports.ts'
import type { UpsertRule } from './upsert-rule.ts'

type Argument = Readonly<{ input: Omit<RuleContent, 'verdict'> & RuleOptions }>
type RuleOptions = Readonly<{ verdict?: RuleContent['verdict']; version?: number | null }>
type Dependencies = Readonly<{ rules: Pick<Rules, 'all'>; upsertRule: UpsertRule }>

export function createRuleResolvers({ rules, upsertRule }: Dependencies) {
  return {
    Query: { rules: () => rules.all() },
    Mutation: {
      upsertRule: async (_: unknown, { input }: Argument, context: RequestContext<unknown>) => {
        const { verdict = null, version = null, ...rest } = input
        return {
          rule: await upsertRule({ rule: { ...rest, verdict }, seenVersion: version, cause: causeOf(context) }),
        }
      },
    },
  }
}
