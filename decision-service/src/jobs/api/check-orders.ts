import { type FieldInfo, findRowProblems } from '@redress/shared/subgraph/check-arguments.ts'
import type { Order } from '../orders/order.ts'

/** Orders with the problems that they have by the schema: they are refused later, with those of their data. */
export function checkOrders<T extends Pick<Order, 'problems'>>(
  info: FieldInfo,
  argument: string,
  orders: readonly T[],
): readonly T[] {
  const problems = findRowProblems(info, argument, orders)
  return orders.map((order, index) => ({
    ...order,
    problems: problems[index]!.map((one) => ({ ...one, path: one.path.slice(1) })),
  }))
}
