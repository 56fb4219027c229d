import { DEFAULT_TENANT } from '@redress/shared/access/tenant.ts'
import { type Contestant, type Cost, measureInTurns } from './cpu.ts'
import { customerIdOf, emailOf, fill, momentOf } from './fill.ts'
import type { BenchService } from './service.ts'

const PAGE = 50
/** Rows before the far page: all but the last page. */
const FAR_SHARE = 0.99

export type Growth = Readonly<{ read: string; few: Cost; many: Cost }>

/** The cost of each read with few and with many customers and issues stored, measured in turns. */
export async function measureGrowth(
  [few, many]: readonly [BenchService, BenchService],
  { pids, rounds, sizes }: Readonly<{ pids: readonly number[]; rounds: number; sizes: readonly [number, number] }>,
): Promise<readonly Growth[]> {
  await fill(few, sizes[0])
  await fill(many, sizes[1])
  const [ofFew, ofMany] = [await readsOf(few, sizes[0]), await readsOf(many, sizes[1])]
  const growth: Growth[] = []
  for (const read of Object.keys(ofFew)) {
    const contestants = { few: ofFew[read]!, many: ofMany[read]! }
    growth.push({ read, ...(await measureInTurns(contestants, { pids, rounds, calls: 60 })) })
  }
  return growth
}

async function readsOf({ viewsOf }: BenchService, stored: number): Promise<Readonly<Record<string, Contestant>>> {
  const views = viewsOf(DEFAULT_TENANT)
  const far = await views.pageOfIssues({ to: momentOf(Math.ceil(stored * (1 - FAR_SHARE))) }, { first: 1 })
  const after = far.edges[0]!.cursor
  // Others at each call, so that none is found where the one before has left the pages of the database.
  const some = (call: number) => (call * 7_919) % stored
  return {
    'issues by status': () => views.pageOfIssues({ status: ['AWAITING_REVIEW'] }, { first: PAGE }),
    'issues by type and priority': () =>
      views.pageOfIssues({ type: ['DISPUTE'], priority: ['CRITICAL'] }, { first: PAGE }),
    'issues of a customer': (call) =>
      views.pageOfIssues({ customerId: customerIdOf(some(call) % Math.ceil(stored / 10)) }, { first: PAGE }),
    'issues far in': () => views.pageOfIssues({}, { first: PAGE, after }),
    'review queue': () => views.pageOfReviewQueue({ filter: {}, availableTo: null }, { first: PAGE }),
    'customer by e-mail': (call) =>
      views.pageOfCustomers(
        { filter: { email: emailOf(some(call)) }, only: null, order: 'NEWEST_FIRST' },
        { first: 1 },
      ),
  }
}
