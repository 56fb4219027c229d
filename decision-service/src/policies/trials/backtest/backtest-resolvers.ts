import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Loaders } from '../../../decisions/inbound/loaders.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestPolicy } from './backtest-policy.ts'
import type { ChangedDecision } from './backtest-result.ts'

type Context = RequestContext<Pick<Loaders, 'decisions'>>
type ById = Readonly<{ id: string }>
type BacktestArguments = Readonly<{ skill: string; digestOrText: string; from: Date; to: Date }>
type Dependencies = Readonly<{
  backtestPolicy: BacktestPolicy
  findBacktest: (id: string) => Promise<Backtest | null>
}>

/** GraphQL on one side, backtests on the other. */
export function createBacktestResolvers({ backtestPolicy, findBacktest }: Dependencies) {
  return {
    Query: { backtest: (_: unknown, { id }: ById) => findBacktest(id) },
    Mutation: {
      backtestPolicy: (_: unknown, { skill, digestOrText, from, to }: BacktestArguments, context: Context) =>
        backtestPolicy({ skill, digestOrText, from, to, cause: causeOf(context) }),
    },
    Backtest: {
      __resolveReference: ({ id }: ById) => findBacktest(id),
      candidate: ({ candidate }: Backtest) => candidate.policy,
    },
    ChangedDecision: {
      decision: ({ decisionId }: ChangedDecision, _: unknown, { loaders }: Context) =>
        loaders.decisions.load(decisionId),
    },
  }
}
