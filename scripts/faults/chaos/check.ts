import { isCritical } from '../../../decision-service/test/chaos-jobs.ts'
import { type Violation, violate } from '../check/violation.ts'
import type { Metered } from './meter.ts'
import { type ChaosJob, type ChaosOrder, FAILS_FOR_GOOD } from './orders.ts'
import type { Account } from './provider.ts'

export type SeenRecord = Readonly<{ id: string; order: string; status: string; code: string | null }>
export type SeenLetter = Readonly<{ id: string; order: string; code: string; state: string }>
/** An alert that was raised, by what it is about; `resolved` is its end. */
export type SeenAlert = Readonly<{ id: string; cause: string; kind: 'raised' | 'resolved' }>

/** Everything that is known about a run from outside. */
export type Seen = Readonly<{
  orders: readonly ChaosOrder[]
  acknowledged: ReadonlyMap<string, string>
  /** Keys of orders whose repeat was answered with another job. */
  changed: readonly string[]
  records: readonly SeenRecord[]
  letters: readonly SeenLetter[]
  alerts: readonly SeenAlert[]
  accounts: ReadonlyMap<string, Pick<Account, 'calls' | 'cut' | 'effects'>>
  metered: Readonly<Record<string, Metered>>
}>

/** Runs of one job that end with their process, until it is taken for the reason. */
const CRASHES_MAX = 3

/** Everything in which a run differs from one that lost and doubled nothing. */
export function findChaosViolations(seen: Seen): readonly Violation[] {
  const recordsOf = Map.groupBy(seen.records, ({ order }) => order)
  const lettersOf = new Map(seen.letters.map((letter) => [letter.order, letter]))
  return [
    ...seen.orders
      .filter(({ key }) => !seen.acknowledged.has(key))
      .map(({ key }) => violate('refused', key, 'no answer')),
    ...seen.changed.map((key) => violate('doubled job', key, 'a repeat was answered with another job')),
    ...seen.orders.flatMap(({ jobs }) =>
      jobs.flatMap((job, index) => {
        const { order } = job.data
        const effects = checkEffects(job, seen.accounts.get(order))
        const letter = lettersOf.get(order)
        if (!isCritical(job.type)) return [...effects, ...checkLetter(job, letter, seen)]
        const takesAlong = index === 0 && jobs.slice(1).some(failsForGood)
        return [...checkRecord(job, recordsOf.get(order) ?? [], { takesAlong, seen }), ...effects]
      }),
    ),
    ...checkAlerts(seen.alerts),
    ...Object.entries(seen.metered).flatMap(([name, { isExceeded, ...figures }]) =>
      isExceeded ? [violate('limit exceeded', name, JSON.stringify(figures))] : [],
    ),
  ]
}

const failsForGood = ({ data }: ChaosJob) => data.failures === FAILS_FOR_GOOD

/** One effect of each order, whatever was repeated; none of one that fails for good. */
function checkEffects(job: ChaosJob, account: Pick<Account, 'effects'> | undefined) {
  const { order } = job.data
  const count = account?.effects.size ?? 0
  return count > (failsForGood(job) ? 0 : 1) ? [violate('doubled effect', order, `${count} jobs had an effect`)] : []
}

type Context = Readonly<{ takesAlong: boolean; seen: Seen }>

/** A critical job has one record, which has ended as its order says, and its effect. */
function checkRecord(
  job: ChaosJob,
  records: readonly SeenRecord[],
  { takesAlong, seen }: Context,
): readonly Violation[] {
  const { order } = job.data
  const [record] = records
  if (record === undefined) return [violate('lost job', order, 'has no record')]
  if (records.length > 1) return [violate('doubled job', order, records.map(({ id }) => id).join(', '))]
  const { status, code } = record
  if (status === 'PENDING' || status === 'PROCESSING') return [violate('not final', order, `is ${status}`)]
  const account = seen.accounts.get(order)
  const mayCrash = code === 'JOB_CRASHED' && (account?.cut ?? 0) >= CRASHES_MAX
  const mustFail = failsForGood(job) || takesAlong
  if (status === 'FAILED') {
    if (!mustFail && !mayCrash) return [violate('failed', order, `${job.type}: ${code}`)]
    return code === 'JOB_CHILD_FAILED' || seen.letters.some(({ id }) => id === record.id)
      ? []
      : [violate('lost dead letter', order, `has failed with ${code}`)]
  }
  if (mustFail) return [violate('not failed', order, `is ${status}`)]
  if (status !== 'COMPLETED') return [violate('not final', order, `is ${status}`)]
  return account?.effects.has(record.id) ? [] : [violate('lost effect', order, 'is completed without its effect')]
}

/** A job that only Redis has may be lost with it, but does not fail. */
function checkLetter(job: ChaosJob, letter: SeenLetter | undefined, { accounts }: Seen): readonly Violation[] {
  if (letter === undefined || letter.state !== 'OPEN' || failsForGood(job)) return []
  const { order } = job.data
  const mayCrash = letter.code === 'JOB_CRASHED' && (accounts.get(order)?.cut ?? 0) >= CRASHES_MAX
  return mayCrash ? [] : [violate('failed', order, `${job.type}: ${letter.code}`)]
}

/** One alert of each cause at a time. */
function checkAlerts(alerts: readonly SeenAlert[]): readonly Violation[] {
  const open = new Map<string, string>()
  return alerts.flatMap(({ id, cause, kind }) => {
    const before = open.get(cause)
    if (kind === 'resolved') {
      open.delete(cause)
      return before === undefined ? [violate('unknown alert', cause, `${id} resolves nothing`)] : []
    }
    open.set(cause, id)
    return before === undefined ? [] : [violate('doubled alert', cause, `${before}, ${id}`)]
  })
}
