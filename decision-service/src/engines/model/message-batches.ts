import type { ModelAnswer, ModelRequest } from './model.ts'

type BatchedRequest = Readonly<{ customId: string; request: ModelRequest }>
/** The outcome of one request. Without an answer, `failure` gives the reason. */
export type BatchedOutcome = Readonly<{ customId: string; answer: ModelAnswer | null; failure: string | null }>

/** Many questions to a model, answered within a day. */
export type MessageBatches = Readonly<{
  /** @returns the provider's id of the batch. @throws where the provider did not take it, or may not have. */
  submit(requests: readonly BatchedRequest[]): Promise<string>
  /** `gone`: the provider does not know it, or keeps its results no longer. @throws where the provider is away. */
  stateOf(id: string): Promise<'running' | 'ended' | 'gone'>
  /** Of a batch that has ended, in any order. @throws where the provider is away, also on the way. */
  outcomesOf(id: string): AsyncIterable<BatchedOutcome>
  /** Its results are no longer needed. */
  cancel(id: string): Promise<void>
}>
