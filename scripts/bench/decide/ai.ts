import type { DecisionCase } from '@redress/shared/contracts.ts'
import { createOutbox } from '@redress/shared/events/outbox.ts'
import { createLogger } from '@redress/shared/process/logger.ts'
import { createBreaker } from '@redress/shared/resilience/breaker.ts'
import { connectMongo } from '@redress/shared/stores/mongo.ts'
import { connectRedis } from '@redress/shared/stores/redis.ts'
import { createAiEngine } from '../../../decision-service/src/engines/ai/ai-engine.ts'
import type { DecisionEngine } from '../../../decision-service/src/engines/engine.ts'
import { createAiSpend } from '../../../decision-service/src/engines/model/ai-spend.ts'
import { createClaudeModel } from '../../../decision-service/src/engines/model/claude.ts'
import { createGuardedModel, isFaultOfProvider } from '../../../decision-service/src/engines/model/guarded-model.ts'
import {
  type AiSpendDocument,
  createMongoSpendStore,
} from '../../../decision-service/src/engines/model/mongo-ai-spend.ts'
import { beginCounting, createProviderLimits } from '../../../decision-service/src/jobs/limits/provider-limits.ts'
import { PROVIDERS } from '../../../decision-service/src/jobs/limits/providers.ts'
import type { Skill } from '../../../decision-service/src/policies/files/skill.ts'
import { openSkills } from '../../../decision-service/src/policies/files/skills-folder.ts'
import { percentile } from '../processes.ts'
import { median } from './median.ts'
import type { Neighbours } from './neighbours.ts'

type Milliseconds = Readonly<{ p50: number; p95: number }>
export type AiFigures = Readonly<{
  /** From the case to the verdict. */
  engine: Milliseconds
  /** The same request to the same server by a bare `fetch`. */
  bare: Milliseconds
  /** The difference of the medians, and of the 95th percentiles. */
  overhead: Milliseconds
  /** The part of the overhead that is waiting for stores, by purpose; medians. */
  waiting: Readonly<Record<string, number>>
}>

const WARM_UP_CALLS = 100
const BUDGET_MS = 10_000
const BREAKER_OPEN_MS = 60_000
/** Far above the load: the measurement includes checking the limits, not waiting for them. */
const PLENTY = { perSecond: 1_000_000, concurrent: 100, burst: 100, cooldownMs: 0 }
const DAILY_BUDGET_USD = 1_000_000
const SKILLS = new URL('../../../skills', import.meta.url).pathname

/** Defective, recent and cheap, so the policy allows a model to approve it. */
const CASE: DecisionCase = {
  issueId: 'iss_bench',
  priority: 'NORMAL',
  details: { type: 'REFUND_REQUEST', reason: 'DEFECTIVE', daysSincePurchase: 2, partialAmount: null },
  customer: {
    id: 'cust_bench',
    riskScore: 5,
    accountAgeDays: 1000,
    recentIssues: { DECLINE: 0, MISSED_INSTALLMENT: 0, DISPUTE: 0, REFUND_REQUEST: 0 },
  },
  transaction: { id: 'txn_bench', amount: { amount: 2_000, currency: 'USD' }, status: 'CAPTURED', ageDays: 2 },
  message: 'The lamp does not light up. I tried two bulbs and another socket. Please give me my money back.',
}

/** The overhead of a decision by a model: prompt, limits, budget, breaker, client, parsing and guarding. */
export async function measureAi({ calls }: { calls: number }, neighbours: Neighbours): Promise<AiFigures> {
  const skill = (await openSkills(SKILLS, { pollMs: null })).forType(CASE.details.type)
  const { rules } = skill.table
  const section = rules.find(({ action }) => action === 'APPROVE_REFUND')!.section
  const model = await neighbours.startModel({ POLICY_APPLIED: `${skill.name} ${section}` })
  const engine = await openEngine(model.url, neighbours)
  await decide(engine.decide, skill)
  const question = await model.latestQuestion()

  const times = { engine: [] as number[], bare: [] as number[] }
  for (let call = -WARM_UP_CALLS; call < calls; call++) {
    const ofEngine = await time(() => decide(engine.decide, skill))
    const ofBare = await time(() => post(model.url, question))
    if (call < 0) continue
    times.engine.push(ofEngine)
    times.bare.push(ofBare)
  }
  await engine.close()

  const waiting = Object.fromEntries(Object.entries(engine.waited).map(([name, all]) => [name, median(all)]))
  const [byEngine, bare] = [toPercentiles(times.engine), toPercentiles(times.bare)]
  return { engine: byEngine, bare, overhead: { p50: byEngine.p50 - bare.p50, p95: byEngine.p95 - bare.p95 }, waiting }
}

/** The engine with all its guards, as a worker opens it. */
async function openEngine(baseUrl: string, { redisUrl, mongoUri }: Neighbours) {
  const logger = createLogger('bench', { level: 'warn' })
  const redis = await connectRedis(redisUrl, { name: 'bench', logger })
  const mongo = await connectMongo(mongoUri, 'bench')
  const db = mongo.db('bench')
  const breaker = createBreaker({
    failuresMax: 5,
    openMs: BREAKER_OPEN_MS,
    isFailure: isFaultOfProvider,
    onChange: () => {},
  })
  const prices = { input: 1, output: 5, cacheWrite: 1.25, cacheRead: 0.1 }
  const waited: Record<string, number[]> = { limits: [] }
  const collections = { aiSpend: db.collection<AiSpendDocument>('ai_spend') }
  const spend = createAiSpend({
    store: createMongoSpendStore({ mongo, collections, outbox: createOutbox(db, () => {}) }),
    logger,
    dailyBudgetUsd: DAILY_BUDGET_USD,
    now: () => new Date(),
  })
  await beginCounting(redis)
  const limits = createProviderLimits({ redis, figures: { ...PROVIDERS, anthropic: PLENTY }, logger })
  const model = createGuardedModel({
    model: createClaudeModel({ apiKey: 'bench', baseUrl, model: 'bench', effort: 'low', prices, budgetMs: BUDGET_MS }),
    spend,
    breaker,
    breakerOpenMs: BREAKER_OPEN_MS,
    limits: { acquire: watch(waited.limits!, () => limits.acquire('anthropic')) },
  })
  return {
    waited,
    decide: createAiEngine({ model, budgetMs: BUDGET_MS, onFailure: 'fail', logger }).decide,
    async close() {
      breaker.close()
      await spend.settle()
      redis.destroy()
      await mongo.close()
    },
  }
}

/** Appends the duration of each call to `times`. */
function watch<A extends readonly unknown[], R>(times: number[], work: (...given: A) => Promise<R>) {
  return async (...given: A): Promise<R> => {
    const beganAt = performance.now()
    try {
      return await work(...given)
    } finally {
      times.push(performance.now() - beganAt)
    }
  }
}

async function decide(ask: DecisionEngine['decide'], skill: Skill): Promise<void> {
  const { engine, action } = await ask(CASE, skill)
  if (engine !== 'AI' || action !== 'APPROVE_REFUND') throw new Error(`The model's answer was not used: ${action}.`)
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'bench', 'anthropic-version': '2023-06-01' },
    body,
  })
  if (!response.ok || (await response.text()) === '') throw new Error(`The model answered with ${response.status}.`)
}

async function time(work: () => Promise<void>): Promise<number> {
  const beganAt = performance.now()
  await work()
  return performance.now() - beganAt
}

function toPercentiles(times: readonly number[]): Milliseconds {
  const sorted = times.toSorted((a, b) => a - b)
  return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) }
}
