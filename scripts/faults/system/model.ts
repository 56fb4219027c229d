import {
  type ClaudeRequest,
  type ClaudeServer,
  startClaudeServer,
} from '../../../decision-service/test/claude-server.ts'

/** A server on this machine that answers as Claude does. It decides so that disputes await a review, as by the rules. */
export function startModel(): Promise<ClaudeServer> {
  return startClaudeServer({ answer })
}

function answer({ output_config: { format } }: ClaudeRequest) {
  const isDispute = JSON.stringify(format.schema).includes('ACCEPT_DISPUTE')
  const opinion = isDispute ? { action: 'ESCALATE', confidence: 60 } : { action: 'RETRY_PAYMENT', confidence: 95 }
  return { opinions: [{ case: 'case-1', ...opinion, reasoning: 'The simulator says so.', policyApplied: '§2.1' }] }
}

/** Limits far above the load, and a breaker that is asked again soon, which shortens the runs. */
export function toModelEnvironment({ url, apiKey }: ClaudeServer): NodeJS.ProcessEnv {
  return {
    ENGINE: 'ai',
    ANTHROPIC_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: url,
    AI_PER_MINUTE: '60000',
    AI_CONCURRENCY: '20',
    AI_DAILY_BUDGET_USD: '1000000',
    AI_BUDGET_MS: '3000',
    AI_BREAKER_OPEN_MS: '1000',
  }
}
