import { byField, type SubscriptionField } from '../fields.ts'
import type { GraphqlRequest, PreparedSubscription } from '../prepared-subscription.ts'
import type { Interest } from './interest.ts'
import { CATCHING_UP, type Group, type Subscriber } from './subscriber.ts'

export type Groups = Readonly<{
  /** The group for these events and this answer, created if there is none. */
  find: (request: GraphqlRequest, prepared: PreparedSubscription, interest: Interest) => Group
  dropIfEmpty: (group: Group) => void
  /** Answers the group by another preparation of the same request from now on. */
  replacePreparation: (group: Group, prepared: PreparedSubscription) => void
  all: () => readonly Group[]
  ofField: (field: SubscriptionField) => Iterable<Group>
  /** The members of all groups, or of those of one field. */
  members: (field?: SubscriptionField) => readonly Subscriber[]
  /** Members that are not live yet. */
  countCatchingUp: () => number
}>

export function createGroups(): Groups {
  const groups = byField(() => new Map<string, Group>())
  const all = () => Object.values(groups).flatMap((ofField) => [...ofField.values()])
  const members = (field?: SubscriptionField) =>
    (field === undefined ? all() : [...groups[field].values()]).flatMap((group) => [...group.members])

  return {
    all,
    ofField: (field) => groups[field].values(),
    members,
    countCatchingUp: () => members().filter(({ fromSequence }) => fromSequence === CATCHING_UP).length,
    find(request, prepared, interest) {
      const key = keyOf(prepared, interest)
      const found = groups[prepared.field].get(key)
      if (found) return found
      const group: Group = { key, request, prepared, interest, members: new Set(), queue: [], delivering: null }
      groups[prepared.field].set(key, group)
      return group
    },
    dropIfEmpty(group) {
      if (group.members.size === 0) remove(groups[group.prepared.field], group)
    },
    replacePreparation(group, prepared) {
      group.prepared = prepared
      const key = keyOf(prepared, group.interest)
      // A new group may have this key already. Both stay; they share their answers, which are found by the same key.
      if (groups[prepared.field].has(key)) return
      remove(groups[prepared.field], group)
      group.key = key
      groups[prepared.field].set(key, group)
    },
  }
}

function remove(groups: Map<string, Group>, group: Group): void {
  if (groups.get(group.key) === group) groups.delete(group.key)
}

/** Equal for the same answer to the same events. */
function keyOf({ key }: PreparedSubscription, interest: Interest): string {
  return `${key} ${JSON.stringify(interest)}`
}
