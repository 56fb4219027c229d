import type { BacklogModel } from '../../decisions/backlog/ports.ts'
import type { ModelAnswer, ModelRequest } from './model.ts'

type BatchedRequest = Readonly<{ customId: string; request: ModelRequest }>
/** What came of one request; without an answer, `failure` says why there is none. */
export type BatchedOutcome = Readonly<{ customId: string; answer: ModelAnswer | null; failure: string | null }>

/** Many questions to a model, answered within a day. */
export type MessageBatches = Pick<BacklogModel, 'stateOf' | 'cancel'> &
  Readonly<{
    /** @returns what the provider calls the batch. @throws where the provider did not take it, or may not have. */
    submit(requests: readonly BatchedRequest[]): Promise<string>
    /** Of a batch that has ended, in any order. @throws where the provider is away, also on the way. */
    outcomesOf(id: string): AsyncIterable<BatchedOutcome>
  }>
