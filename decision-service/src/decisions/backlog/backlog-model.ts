import type { Clock } from '@redress/shared/time.ts'
import type { TraceStep, Verdict } from '../../domain/decision.ts'
import { readOpinions } from '../../engines/ai/answer.ts'
import { opinionOf } from '../../engines/ai/ask-cases.ts'
import { toModelRequest } from '../../engines/ai/prompt.ts'
import { guardVerdict } from '../../engines/guard.ts'
import type { AiSpend } from '../../engines/model/guarded-model.ts'
import type { BatchedOutcome, MessageBatches } from '../../engines/model/message-batches.ts'
import { type ModelAnswer, ModelError } from '../../engines/model/model.ts'
import type { Skill } from '../../policies/files/skill.ts'
import type { Policies } from '../../policies/in-force/policies.ts'
import type { AiBatch } from './ai-batch.ts'
import type { BacklogModel, BatchAnswer, BatchQuestion } from './ports.ts'

type Dependencies = Readonly<{
  batches: MessageBatches
  policies: Pick<Policies, 'choose' | 'find'>
  /** The same budget as that of single calls. A batch may exceed it by what it costs itself. */
  spend: AiSpend
  now: Clock
}>

/** Lets a model decide a batch by the same questions, and reads its answers with the same care, as one by one. */
export function createBacklogModel({ batches, policies, spend, now }: Dependencies): BacklogModel {
  return {
    mayAsk: async () => !(await spend.isExhausted()),
    digestFor: (job) => policies.choose(job.case).skill.digest,
    async submit(questions) {
      const skills = await findSkills(policies, questions)
      const requests = questions.map(({ batched: { customId, skillDigest }, job }) => {
        const skill = skills.get(skillDigest)
        if (!skill) throw new Error(`The version ${skillDigest} of a policy is not known any more.`)
        return { customId, request: toModelRequest([job.case], skill) }
      })
      return batches.submit(requests)
    },
    stateOf: (providerId) => batches.stateOf(providerId),
    async *answersTo(batch, questions) {
      const skills = await findSkills(policies, questions)
      const byId = new Map(questions.map((question) => [question.batched.customId, question]))
      for await (const outcome of batches.outcomesOf(batch.providerId ?? '')) {
        // Answers that are read again after a crash are counted again: the budget is rather too small than too large.
        if (outcome.answer !== null) await spend.add(outcome.answer.usage.costUsd)
        const question = byId.get(outcome.customId)
        const skill = question && skills.get(question.batched.skillDigest)
        if (question && skill) yield toBatchAnswer(outcome, { batch, question, skill, now: now() })
      }
    },
    cancel: (providerId) => batches.cancel(providerId),
  }
}

async function findSkills(policies: Dependencies['policies'], questions: readonly BatchQuestion[]) {
  const digests = [...new Set(questions.map(({ batched }) => batched.skillDigest))]
  const found = await Promise.all(digests.map(async (digest) => [digest, await policies.find(digest)] as const))
  return new Map(found)
}

type Context = Readonly<{ batch: AiBatch; question: BatchQuestion; skill: Skill; now: Date }>

function toBatchAnswer({ answer, failure }: BatchedOutcome, context: Context): BatchAnswer {
  const { jobId } = context.question.batched
  if (answer === null) return { jobId, evaluated: null, failure }
  try {
    return { jobId, evaluated: { verdict: toVerdict(answer, context), shadow: null }, failure: null }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    return { jobId, evaluated: null, failure: `${error.failure}: ${error.message}` }
  }
}

/** @throws ModelError where the answer is not usable. */
function toVerdict(answer: ModelAnswer, { batch, question, skill, now }: Context): Verdict {
  const decisionCase = question.job.case
  const opinion = opinionOf(readOpinions(answer.text, [decisionCase], skill), decisionCase)
  const { usage, model } = answer
  const step: TraceStep = {
    name: 'batch',
    attempt: 1,
    ok: true,
    error: null,
    durationMs: batch.submittedAt === null ? 0 : now.getTime() - batch.submittedAt.getTime(),
    output: { batchId: batch.id, providerId: batch.providerId, jobs: batch.jobs.length, ...opinion, model, usage },
  }
  const verdict: Verdict = {
    ...opinion,
    policy: { skill: skill.name, version: skill.version, digest: skill.digest },
    engine: 'AI',
    fallback: false,
    model,
    usage,
    trace: [step],
  }
  return guardVerdict(verdict, { decisionCase, skill })
}
