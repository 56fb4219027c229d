import type { PageArguments } from '@redress/shared/connection.ts'
import { BadUserInputError } from '@redress/shared/errors.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { Loaders } from '../../../decisions/inbound/loaders.ts'
import type { Backtest } from './backtest.ts'
import type { BacktestPolicy } from './backtest-policy.ts'
import type { ChangedDecision } from './backtest-result.ts'
import type { BacktestFilter, PageOfBacktests } from './ports.ts'

type Context = RequestContext<Pick<Loaders, 'decisions'>>
type ById = Readonly<{ id: string }>
type BacktestArguments = Readonly<{
  skill: string
  digest?: string | null
  rules?: string | null
  digestOrText?: string | null
  from: Date
  to: Date
}>
type ListArguments = PageArguments & Readonly<{ filter?: BacktestFilter | null }>
type Dependencies = Readonly<{
  backtestPolicy: BacktestPolicy
  findBacktest: (id: string) => Promise<Backtest | null>
  pageOfBacktests: PageOfBacktests
}>

/** GraphQL on one side, backtests on the other. */
export function createBacktestResolvers({ backtestPolicy, findBacktest, pageOfBacktests }: Dependencies) {
  return {
    Query: {
      backtest: (_: unknown, { id }: ById) => findBacktest(id),
      backtests: (_: unknown, { filter, ...page }: ListArguments) => pageOfBacktests(filter ?? {}, page),
    },
    Mutation: {
      backtestPolicy: (_: unknown, { skill, from, to, ...candidate }: BacktestArguments, context: Context) =>
        backtestPolicy({ skill, digestOrText: toDigestOrText(candidate), from, to, cause: causeOf(context) }),
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

type CandidateArguments = Pick<BacktestArguments, 'digest' | 'rules' | 'digestOrText'>

/** @throws BadUserInputError unless exactly one is given. */
function toDigestOrText({ digest, rules, digestOrText }: CandidateArguments): string {
  const [candidate, ...more] = [digest, rules, digestOrText].filter((given) => given != null)
  if (candidate === undefined || more.length > 0)
    throw new BadUserInputError(['digest'], 'or rules must be given, and not both')
  return candidate
}
