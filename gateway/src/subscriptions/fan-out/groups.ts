import type { GraphqlRequest, PreparedSubscription, SubscriptionField } from '../prepared-subscription.ts'
import type { Group } from './fan-out.ts'
import type { Interest } from './interest.ts'
import { CATCHING_UP } from './subscriber.ts'

export type Groups = Readonly<{
  /** The group of those who want the same; a new one where there is none. */
  find: (request: GraphqlRequest, prepared: PreparedSubscription, interest: Interest) => Group
  /** Drops a group that nobody is in any more. */
  dropIfEmpty: (group: Group) => void
  /** From now on the group works out its answers by another preparation of the same request. */
  prepareAnew: (group: Group, prepared: PreparedSubscription) => void
  all: () => readonly Group[]
  ofField: (field: SubscriptionField) => Iterable<Group>
  /** Entries have other ids from now on. */
  forgetEntries: (field: SubscriptionField) => void
  /** Members that are not live yet. */
  countCatchingUp: () => number
}>

export function createGroups(): Groups {
  const groups: Readonly<Record<SubscriptionField, Map<string, Group>>> = {
    issueStatusChanged: new Map(),
    decisionMade: new Map(),
  }
  const remove = (group: Group) => {
    const ofField = groups[group.prepared.field]
    if (ofField.get(group.key) === group) ofField.delete(group.key)
  }

  const all = () => [...groups.issueStatusChanged.values(), ...groups.decisionMade.values()]

  return {
    all,
    countCatchingUp() {
      let count = 0
      for (const { members } of all()) for (const member of members) if (member.fromSequence === CATCHING_UP) count++
      return count
    },
    ofField: (field) => groups[field].values(),
    forgetEntries(field) {
      for (const { members } of groups[field].values()) for (const member of members) member.readUntil = null
    },
    find(request, prepared, interest) {
      const key = keyOf(prepared, interest)
      const found = groups[prepared.field].get(key)
      if (found) return found
      const group: Group = { key, request, prepared, interest, members: new Set(), queue: [], delivering: null }
      groups[prepared.field].set(key, group)
      return group
    },
    dropIfEmpty(group) {
      if (group.members.size === 0) remove(group)
    },
    prepareAnew(group, prepared) {
      group.prepared = prepared
      const key = keyOf(prepared, group.interest)
      // Somebody came with the new key already: two groups then, which share their answers all the same.
      if (groups[prepared.field].has(key)) return
      remove(group)
      group.key = key
      groups[prepared.field].set(key, group)
    },
  }
}

/** The same answer to the same events. */
function keyOf({ key }: PreparedSubscription, interest: Interest): string {
  return `${key} ${JSON.stringify(interest)}`
}
