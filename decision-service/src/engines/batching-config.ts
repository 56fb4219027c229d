import { type } from 'arktype'

/** How cases are put together for a model: for the one who decides them at once, and for batches of what waited. */
export const BatchingEnvironment = type({
  // 1: each case for itself. 20 is the most that one question may hold.
  AI_BATCH_MAX: "string.integer.parse |> 1 <= number <= 20 = '1'",
  AI_BATCH_WAIT_MS: "string.integer.parse |> 0 <= number <= 10000 = '200'",
  // 0: no batches.
  AI_BACKLOG_FROM: "string.integer.parse |> 0 <= number <= 100000 = '0'",
  AI_BACKLOG_AGE_MS: "string.integer.parse |> 1000 <= number <= 86400000 = '60000'",
  AI_BACKLOG_MAX: "string.integer.parse |> 1 <= number <= 10000 = '1000'",
})

export function toBatchingConfig(env: typeof BatchingEnvironment.infer) {
  return {
    batching: { casesMax: env.AI_BATCH_MAX, waitMs: env.AI_BATCH_WAIT_MS },
    backlog: { from: env.AI_BACKLOG_FROM, ageMs: env.AI_BACKLOG_AGE_MS, jobsMax: env.AI_BACKLOG_MAX },
  }
}
