import { type } from 'arktype'

/** Settings of the oversight by people. The subgraph counts their reviews; workers sample and hold back. */
export const OversightEnvironment = type({
  // The share of the decisions, 0 to 1, that a person confirms without seeing what is recommended.
  BLIND_REVIEW_SHARE: "string.numeric.parse |> 0 <= number <= 1 = '0'",
  // So many of the latest blind reviews of an action count.
  AUTONOMY_REVIEWS: "string.integer.parse |> 1 <= number <= 10000 = '50'",
  // Where people agreed with less than this share of them, the action waits for a person.
  AUTONOMY_FLOOR: "string.numeric.parse |> 0 <= number <= 1 = '0.9'",
})

export function toOversightConfig(env: typeof OversightEnvironment.infer) {
  return {
    blindShare: env.BLIND_REVIEW_SHARE,
    autonomy: { reviews: env.AUTONOMY_REVIEWS, floor: env.AUTONOMY_FLOOR },
  }
}
