import type { FieldInfo } from '@redress/shared/subgraph/check-arguments.ts'
import { causeOf, type RequestContext } from '@redress/shared/subgraph/request-context.ts'
import { checkOrders } from '../api/check-orders.ts'
import type { JobViews } from '../api/job-views.ts'
import { maySee } from '../api/may-see.ts'
import { toView } from '../orders/job-view.ts'
import type { AddFlow } from './add-flow.ts'
import type { Flow } from './flow.ts'
import type { FlowRecords } from './flow-records.ts'

type Context = RequestContext<unknown>
type FlowArguments = Readonly<{ jobs: Flow; idempotencyKey?: string | null }>
type Dependencies = Readonly<{
  addFlow: AddFlow
  flows: Pick<FlowRecords, 'children'>
  views: Pick<JobViews, 'many'>
}>

export function createFlowResolvers({ addFlow, flows, views }: Dependencies) {
  return {
    Mutation: {
      async addFlow(_: unknown, { jobs, idempotencyKey }: FlowArguments, context: Context, info: FieldInfo) {
        const [first, ...rest] = checkOrders(info, 'jobs', jobs)
        const flow = first === undefined ? [] : [{ ...first, idempotencyKey: idempotencyKey ?? null }, ...rest]
        const { job, isNew } = await addFlow(flow, { cause: causeOf(context), caller: context.principal })
        return { isNew, job: (await views.many([job.id]))[0] ?? toView(job, new Date()) }
      },
    },
    Job: {
      async children({ id }: Readonly<{ id: string }>, _: unknown, { principal }: Context) {
        const ids = (await flows.children(id)).map((child) => child.id)
        return (await views.many(ids)).filter((job) => job !== null && maySee(principal, job))
      },
    },
  }
}
