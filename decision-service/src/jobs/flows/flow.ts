import { BadUserInputError } from '@redress/shared/errors.ts'
import { keyedJobId } from '../orders/job-id.ts'
import type { Order, Plan } from '../orders/order.ts'

/** Whether a job that is part of another one takes it along where it fails or is cancelled. Stored, so never renamed. */
export type OnFailure = 'FAIL_PARENT' | 'IGNORE'

/** A job with the jobs that have to end before it runs. */
export type Flow = Omit<Order, 'parentId' | 'delayMs'> &
  Readonly<{
    /** Of one that is part of another. FAIL_PARENT if not given. */
    onFailure?: OnFailure
    children?: readonly Flow[]
  }>

/** Levels, with that of the first job. */
export const FLOW_DEPTH_MAX = 5
/** In all: as many as a batch. */
export const FLOW_JOBS_MAX = 100

/** A checked job of a flow. */
export type FlowPart = Readonly<{
  plan: Plan
  onFailure: OnFailure
  /** Whether it waits for others. */
  isParent: boolean
}>

/** @param plan.path the place of the order in the flow. */
export type PlanPart = (order: Order, path: readonly string[]) => Plan

/**
 * Checks a flow, and gives its jobs, the first one first. The ids of the others follow from its id and their places, so
 * that a flow that is added twice is one.
 * @throws BadUserInputError for one that is too deep or too large, or with jobs that have no record; what `plan` throws.
 */
export function planFlow(flow: Flow, plan: PlanPart): readonly FlowPart[] {
  const parts: FlowPart[] = []
  const add = (one: Flow, path: readonly string[], parentId: string | null): void => {
    const { children = [], onFailure = 'FAIL_PARENT', ...order } = one
    refuseLimits(path, parts.length)
    const planned = plan(order, path)
    if (planned.definition.tier !== 'CRITICAL') {
      throw new BadUserInputError([...path, 'type'], 'must be one whose jobs have a record')
    }
    const [root] = parts
    const place = path.join('.')
    const id = root ? keyedJobId(planned.definition.queue, planned.type, `${root.plan.id} ${place}`) : planned.id
    parts.push({ plan: { ...planned, id, parentId }, onFailure, isParent: children.length > 0 })
    for (const [index, child] of children.entries()) add(child, [...path, 'children', String(index)], id)
  }
  add(flow, ['input'], null)
  return parts
}

/** @param path has two names a level, after the first one. */
function refuseLimits(path: readonly string[], before: number): void {
  if ((path.length + 1) / 2 > FLOW_DEPTH_MAX) {
    throw new BadUserInputError(path, `is deeper than ${FLOW_DEPTH_MAX} levels`)
  }
  if (before >= FLOW_JOBS_MAX) throw new BadUserInputError(path, `is one more than ${FLOW_JOBS_MAX} jobs`)
}

/** The jobs that a parent waits for, as far as they count for it. */
export type ChildState = Readonly<{ id: string; hasEnded: boolean; hasFailed: boolean; onFailure: OnFailure }>

export type Settlement = Readonly<{ kind: 'run' | 'wait' }> | Readonly<{ kind: 'fail'; childId: string }>

/** The next state of a job that waits: it fails with the first child that takes it along, and runs once all have ended. */
export function settle(children: readonly ChildState[]): Settlement {
  const failed = children.find(({ hasFailed, onFailure }) => hasFailed && onFailure === 'FAIL_PARENT')
  if (failed) return { kind: 'fail', childId: failed.id }
  return { kind: children.every(({ hasEnded }) => hasEnded) ? 'run' : 'wait' }
}
