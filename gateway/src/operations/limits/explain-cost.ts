import { type DocumentNode, type FieldNode, Kind, type OperationDefinitionNode, type SelectionNode } from 'graphql'
import { computeCost } from './compile-cost.ts'
import { type CostModel, costOf, type FieldPrice } from './cost-model.ts'
import type { FieldCost } from './errors.ts'
import { mergeFields } from './merge-fields.ts'

type Variables = Readonly<Record<string, unknown>>

/** The cost of an operation, and its most expensive fields in descending order. */
export type CostExplanation = Readonly<{ cost: number; fields: readonly FieldCost[] }>

const FIELDS_SHOWN = 5

/**
 * Finds the fields that make an operation expensive, each with the cost that it adds by itself. Fields of all members of a
 * union are listed, although only the most expensive member counts.
 * Walks the operation, so it is for refusals and on request only.
 */
export function explainCost(
  model: CostModel,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): CostExplanation {
  const prices = new Map<FieldNode, FieldPrice>()
  const estimators: CostModel['estimators'] = [
    ({ node, type, field, args, childComplexity }) => {
      const price = model.priceOf(type.name, field, args)
      prices.set(node, price)
      return costOf(price, childComplexity)
    },
  ]
  const merged = mergeFields(model.schema, document, operation, variables)
  const cost = computeCost({ ...model, estimators }, merged, variables)
  const shares = sharesOf(merged, prices)
  const fields = [...shares].map(([path, share]) => ({ path, cost: share }))
  return { cost, fields: fields.sort((a, b) => b.cost - a.cost).slice(0, FIELDS_SHOWN) }
}

type Place = Readonly<{ selections: readonly SelectionNode[]; path: string; times: number }>

/** The cost that each path of a merged operation adds. */
function sharesOf(
  operation: OperationDefinitionNode,
  prices: ReadonlyMap<FieldNode, FieldPrice>,
): ReadonlyMap<string, number> {
  const shares = new Map<string, number>()
  const open: Place[] = [{ selections: operation.selectionSet.selections, path: '', times: 1 }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    for (const selection of place.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT)
        open.push({ ...place, selections: selection.selectionSet.selections })
      if (selection.kind !== Kind.FIELD) continue
      const inner = addShare(shares, place, selection, prices.get(selection))
      if (inner) open.push(inner)
    }
  }
  return shares
}

function addShare(
  shares: Map<string, number>,
  { path, times }: Place,
  node: FieldNode,
  price: FieldPrice | undefined,
): Place | null {
  if (price === undefined) return null
  const { name, alias = name, selectionSet } = node
  const own = path === '' ? alias.value : `${path}.${alias.value}`
  const share = Math.min((shares.get(own) ?? 0) + times * price.rows * price.weight, Number.MAX_SAFE_INTEGER)
  if (share > 0) shares.set(own, share)
  const below = Math.min(times * price.rows * price.rowsBelow, Number.MAX_SAFE_INTEGER)
  return { selections: selectionSet?.selections ?? [], path: own, times: below }
}
