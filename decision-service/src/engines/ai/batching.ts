import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { TokenUsage, TraceStep } from '../../domain/decision.ts'
import type { Skill } from '../../policies/files/skill.ts'
import { hasText } from '../guard.ts'
import { ModelError } from '../model/model.ts'
import type { Opinion } from './answer.ts'
import { type Answered, type AskCases, opinionOf } from './ask-cases.ts'
import { divideUsage } from './shared-usage.ts'

/** The answer of a model about one case, and that case's share of the call's usage. */
export type Asked = Readonly<{
  opinion: Opinion
  usage: TokenUsage
  model: string
  steps: readonly TraceStep[]
  /** Whether the text of any customer was in the question; see `guardVerdict`. */
  sawText: boolean
}>
/** @throws ModelError; AttemptOverError once the signals of all cases in one question are aborted */
type AskOpinion = (decisionCase: DecisionCase, skill: Skill, signal?: AbortSignal) => Promise<Asked>

export type BatchingOptions = Readonly<{
  ask: AskCases
  /** The most cases in one call; 1 asks about each for itself, at once. */
  casesMax: number
  /** How long the first case waits for others of its kind. */
  waitMs: number
}>

type Waiting = Readonly<{
  decisionCase: DecisionCase
  signal: AbortSignal | undefined
  resolve: (asked: Asked) => void
  reject: (error: unknown) => void
}>
type Group = { skill: Skill; waiting: Waiting[]; timer: NodeJS.Timeout | null }

/**
 * Asks about several issues of one customer in one call: the policy is sent once, and who decides one sees the others.
 * Only cases of the same type and the same version of the policy go together. Each has an answer of its own; one that
 * is left out fails alone.
 */
export function createBatching({ ask, casesMax, waitMs }: BatchingOptions): AskOpinion {
  const groups = new Map<string, Group>()

  const send = (key: string, group: Group) => {
    if (groups.get(key) === group) groups.delete(key)
    if (group.timer !== null) clearTimeout(group.timer)
    void askAbout(ask, group)
  }
  const join = (key: string, skill: Skill, one: Waiting) => {
    const found = groups.get(key)
    // Answers are matched by issue, so one question cannot contain the same issue twice.
    const isTwice = found?.waiting.some(({ decisionCase }) => decisionCase.issueId === one.decisionCase.issueId)
    if (found && isTwice) send(key, found)
    const group: Group = found && !isTwice ? found : { skill, waiting: [], timer: null }
    group.waiting.push(one)
    if (group.waiting.length >= casesMax) return send(key, group)
    groups.set(key, group)
    group.timer ??= setTimeout(() => send(key, group), waitMs)
  }

  return (decisionCase, skill, signal) =>
    new Promise<Asked>((resolve, reject) => {
      const { customer, details } = decisionCase
      join(JSON.stringify([customer.id, details.type, skill.digest]), skill, { decisionCase, signal, resolve, reject })
    })
}

/** One call for all that wait; never rejects. */
async function askAbout(ask: AskCases, { skill, waiting }: Group): Promise<void> {
  const cases = waiting.map(({ decisionCase }) => decisionCase)
  const unwanted = whenAllAborted(waiting.map(({ signal }) => signal))
  try {
    const answered = await ask(cases, skill, { signal: unwanted.signal })
    const shares = divideUsage(answered.usage, cases.length)
    for (const [index, one] of waiting.entries()) answer(one, answered, shares[index]!, cases)
  } catch (error) {
    // The usage of a call without a usable answer is shared by all of its cases, too.
    const paid = error instanceof ModelError && error.usage !== null ? divideUsage(error.usage, cases.length) : []
    for (const [index, { reject }] of waiting.entries()) reject(toShareOf(error, paid[index] ?? null))
  } finally {
    unwanted.forget()
  }
}

/** A signal that is aborted when all others are; one that is not given never is. `forget` removes the listeners. */
function whenAllAborted(signals: readonly (AbortSignal | undefined)[]) {
  const controller = new AbortController()
  const look = () => {
    if (signals.every((signal) => signal?.aborted)) controller.abort()
  }
  for (const signal of signals) signal?.addEventListener('abort', look)
  look()
  return {
    signal: controller.signal,
    forget: () => signals.forEach((signal) => void signal?.removeEventListener('abort', look)),
  }
}

function answer(
  { decisionCase, resolve, reject }: Waiting,
  answered: Answered,
  usage: TokenUsage,
  cases: readonly DecisionCase[],
): void {
  try {
    resolve({
      opinion: opinionOf(answered.opinions, decisionCase),
      usage,
      model: answered.model,
      steps: [...answered.steps, ...toSteps(cases)],
      sawText: cases.some(hasText),
    })
  } catch (error) {
    reject(toShareOf(error, usage, answered.steps))
  }
}

function toShareOf(error: unknown, usage: TokenUsage | null, before: readonly TraceStep[] = []): unknown {
  if (!(error instanceof ModelError)) return error
  const { failure, message, retryAfterMs, steps } = error
  return new ModelError(failure, message, { usage, retryAfterMs, steps: [...before, ...steps], cause: error })
}

/** A case that was decided alone says nothing of it. */
function toSteps(cases: readonly DecisionCase[]): readonly TraceStep[] {
  if (cases.length === 1) return []
  const output = { issueIds: cases.map(({ issueId }) => issueId) }
  return [{ name: 'decided together', attempt: 1, ok: true, error: null, durationMs: 0, output }]
}
