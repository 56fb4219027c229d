import type { PageArguments } from '../../connection.ts'
import { causeOf, type RequestContext } from '../../subgraph/request-context.ts'
import type { DeadLetterFilter, DeadLetters } from './dead-letters.ts'

type ListArguments = PageArguments & Readonly<{ filter?: DeadLetterFilter | null }>
type ReplayArguments = Readonly<{ ids?: readonly string[] | null }>

/** `issuesDeadLetters` and `replayIssuesDeadLetters` for the group `issues`: each subgraph serves those of its group. */
export function createDeadLetterResolvers(group: string, deadLetters: DeadLetters) {
  const Group = `${group[0]!.toUpperCase()}${group.slice(1)}`
  return {
    Query: {
      [`${group}DeadLetters`]: (_: unknown, { filter, ...page }: ListArguments) => deadLetters.page(filter ?? {}, page),
    },
    Mutation: {
      [`replay${Group}DeadLetters`]: (_: unknown, { ids = null }: ReplayArguments, context: RequestContext<unknown>) =>
        deadLetters.replay({ ids, cause: causeOf(context) }),
    },
  }
}
