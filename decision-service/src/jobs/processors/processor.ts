import { BadUserInputError } from '@redress/shared/errors.ts'
import { type } from 'arktype'
import type { JobDefinition } from '../frame/job-definition.ts'

/** One attempt at a job, as its processor sees it. */
export type Run = Readonly<{
  jobId: string
  /** 1 for the first. */
  attempt: number
  /** The principal or service that added the job. */
  actor: string
  requestId: string | null
  /** When the job was added. */
  addedAt: Date
  /** The traceparent of this attempt, for what it causes; null where no traces are made. */
  trace: string | null
  /** Aborted when the job is cancelled, when its time is over, and when the worker stops: stop soon, in whatever way. */
  signal: AbortSignal
  /** Reports progress, 0 to 100. Between two steps of a long job, it also learns that the job was cancelled. */
  progress(percent: number): Promise<void>
}>

/**
 * The work of one type of job. It may run more than once for a job, also at the same time where a worker was thought dead,
 * so what it does must be harmless the second time: `jobId` is the same.
 * @returns the result, for callers: JSON.
 */
export type Processor<Data> = (data: Data, run: Run) => Promise<object | null>

/** Processors by type of job. */
export type Processors = Readonly<Record<string, Processor<never>>>

/** The data of a job as its processor receives it. @throws BadUserInputError if it does not fit the schema of its type. */
export function readData(definition: JobDefinition, data: unknown): never {
  const read = definition.Data(data)
  if (read instanceof type.errors) throw new BadUserInputError(['data'], `does not fit its type: ${read.summary}`)
  return read as never
}
