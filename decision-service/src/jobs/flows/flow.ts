import { BadUserInputError, type InputProblem, refuseProblems } from '@redress/shared/errors.ts'
import { keyedJobId } from '../orders/job-id.ts'
import { type Order, type Plan, uniqueByPath } from '../orders/order.ts'

/** Whether a job that is part of another one takes it along where it fails or is cancelled. Stored, so never renamed. */
export type OnFailure = 'FAIL_PARENT' | 'IGNORE'

/** A job of a flow. */
export type FlowOrder = Omit<Order, 'parentId' | 'delayMs'> &
  Readonly<{
    /** The place in the flow, from 0, of the job that waits for this one and comes before it. The first job has none. */
    parent?: number | null
    /** FAIL_PARENT if not given. */
    onFailure?: OnFailure | null
  }>

/** Jobs that wait for each other: the first one waits for all others. */
export type Flow = readonly FlowOrder[]

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

/** @param plan.path the place of the order in the arguments. */
export type PlanPart = (order: Order, path: readonly string[]) => Plan

/**
 * Checks a flow. The ids of its jobs follow from that of the first one and their places, so that a flow that is added twice
 * is one.
 * @throws BadUserInputError with all problems of its jobs, or for their number; what else `plan` throws.
 */
export function planFlow(flow: Flow, plan: PlanPart): readonly FlowPart[] {
  if (flow.length < 1 || flow.length > FLOW_JOBS_MAX) {
    throw new BadUserInputError(['jobs'], `must have 1 to ${FLOW_JOBS_MAX} entries`)
  }
  const planned = flow.map((order, index) => planOne(order, ['jobs', String(index)], plan))
  const problems = planned.flatMap((one): readonly InputProblem[] => ('problems' in one ? one.problems : []))
  refuseProblems(uniqueByPath([...findParentProblems(flow), ...problems]))
  const plans = planned as readonly Plan[]
  const parents = new Set(flow.map(({ parent }) => parent))
  const ids = plans.map(({ definition: { queue }, type, id }, index) =>
    index === 0 ? id : keyedJobId(queue, type, `${plans[0]!.id} ${index}`),
  )
  return plans.map((one, index) => {
    const { parent, onFailure } = flow[index]!
    const parentId = parent == null ? null : ids[parent]!
    return {
      plan: { ...one, id: ids[index]!, parentId },
      ...{ onFailure: onFailure ?? 'FAIL_PARENT', isParent: parents.has(index) },
    }
  })
}

function planOne(flowOrder: FlowOrder, path: readonly string[], plan: PlanPart) {
  const { parent: _, onFailure: __, ...order } = flowOrder
  try {
    const planned = plan(order, path)
    if (planned.definition.tier === 'CRITICAL') return planned
    return { problems: [{ path: [...path, 'type'], message: 'must be one whose jobs have a record' }] }
  } catch (error) {
    if (error instanceof BadUserInputError) return { problems: error.facts.problems }
    throw error
  }
}

function findParentProblems(flow: Flow): readonly InputProblem[] {
  const levels: number[] = []
  return flow.flatMap(({ parent }, index) => {
    const level = parent == null ? 1 : (levels[parent] ?? 0) + 1
    levels.push(level)
    const problem = findParentProblem(parent ?? null, { index, level })
    return problem === null ? [] : [{ path: ['jobs', String(index), 'parent'], message: problem }]
  })
}

type Place = Readonly<{ index: number; level: number }>

function findParentProblem(parent: number | null, { index, level }: Place): string | null {
  if (index === 0) return parent === null ? null : 'must not be given for the first job'
  if (parent === null || !Number.isInteger(parent) || parent < 0 || parent >= index) {
    return 'must be the place of a job before this one'
  }
  return level > FLOW_DEPTH_MAX ? `must be at most ${FLOW_DEPTH_MAX - 1} levels deep` : null
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
