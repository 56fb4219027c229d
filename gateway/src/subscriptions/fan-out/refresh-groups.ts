import type { Logger } from '@redress/shared/process/logger.ts'
import type { End } from '../end-reasons.ts'
import type { Operations } from '../prepared-subscription.ts'
import type { Group } from './fan-out.ts'
import type { Groups } from './groups.ts'
import type { Subscriber } from './subscriber.ts'

type Options = Readonly<{
  groups: Groups
  prepare: Operations['prepare']
  end: (subscriber: Subscriber, why: End) => void
  logger: Logger
}>

/**
 * Prepares the request of each group anew. Events that come meanwhile are answered by the old preparation. A request
 * that the new schema refuses is the end of its subscriptions, with the reasons; one that could not be prepared for
 * another reason stays as it is.
 */
export async function refreshGroups({ groups, prepare, end, logger }: Options): Promise<void> {
  for (const group of groups.all()) await refresh(group)

  async function refresh(group: Group) {
    const [member] = group.members
    if (member === undefined) return
    try {
      const preparation = await prepare(group.request, member.caller)
      if (preparation.ok) groups.prepareAnew(group, preparation.subscription)
      else for (const each of group.members) end(each, preparation.errors)
    } catch (err) {
      logger.error({ err }, 'subscription not prepared anew')
    }
  }
}
