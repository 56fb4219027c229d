import type { Logger } from '@redress/shared/process/logger.ts'
import type { End } from '../end-reasons.ts'
import type { StreamedOperations } from '../prepared-subscription.ts'
import type { Groups } from './groups.ts'
import type { Group, Subscriber } from './subscriber.ts'

type Options = Readonly<{
  groups: Groups
  prepare: StreamedOperations['prepare']
  end: (subscriber: Subscriber, why: End) => void
  logger: Logger
}>

/**
 * Prepares the request of each group again. Events that arrive meanwhile are answered by the old preparation. If the new
 * schema refuses a request, its subscriptions end with the reasons; after any other failure they stay as they are.
 */
export async function refreshGroups(options: Options): Promise<void> {
  for (const group of options.groups.all()) await refresh(group, options)
}

async function refresh(group: Group, { groups, prepare, end, logger }: Options): Promise<void> {
  const [member] = group.members
  if (member === undefined) return
  try {
    const preparation = await prepare(group.request, member.caller)
    if (preparation.ok) groups.replacePreparation(group, preparation.subscription)
    else for (const each of group.members) end(each, preparation.errors)
  } catch (err) {
    logger.error({ err }, 'subscription not prepared again')
  }
}
