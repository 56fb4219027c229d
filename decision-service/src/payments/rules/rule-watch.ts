import type { DecisionCase } from '@redress/shared/contracts.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { type Repeating, startRepeating } from '@redress/shared/process/repeat.ts'
import type { RuleHit } from '../domain/payment-decision.ts'
import type { FindPaymentRuleHits } from '../use-cases/ports.ts'
import type { Rules } from './ports.ts'
import { compileRules, type RuleSet } from './rule-set.ts'

const EVERY_MS = 1_000

type RuleWatch = Readonly<{
  /** Reads the rules, and goes on reading them once a second. Rejects where they cannot be read at all. */
  start: () => Promise<void>
  /** Reads them now. */
  refresh: () => Promise<void>
  /** The rules that hold for a case. */
  hitsOf: (decisionCase: DecisionCase) => readonly RuleHit[]
  /** The rules that hold for a payment. */
  hitsOfPayment: FindPaymentRuleHits
  stop: () => Promise<void>
}>

type Options = Readonly<{ readRules: Rules['all']; everyMs?: number; logger: Logger }>

/** Keeps the business rules at hand; a change is in force within about a second. While they cannot be read, the last ones stay. */
export function createRuleWatch({ readRules, everyMs = EVERY_MS, logger }: Options): RuleWatch {
  let rules: RuleSet = compileRules([])
  let polling: Repeating | null = null

  const refresh = async () => {
    const before = rules.broken.join()
    rules = compileRules(await readRules())
    if (rules.broken.join() !== before) logger.error({ rules: rules.broken }, 'business rules not understood')
  }
  const onError = (err: unknown) => logger.warn({ err }, 'business rules not read, the last ones stay in force')

  return {
    async start() {
      await refresh()
      polling = startRepeating({ run: refresh, everyMs, onError, giveUpMs: 0 })
    },
    refresh,
    hitsOf: (decisionCase) => rules.hitsOfCase(decisionCase),
    hitsOfPayment: (facts) => rules.hitsOfPayment(facts),
    async stop() {
      await polling?.stop()
    },
  }
}
