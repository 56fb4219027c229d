import type { Model } from '../engines/ai/model.ts'

/** The model that `npm run skills:check -- --model` asks, or why there is none. */
export function openModelForCheck({ ANTHROPIC_API_KEY }: NodeJS.ProcessEnv): Model | string {
  if (!ANTHROPIC_API_KEY) return '--model needs ANTHROPIC_API_KEY.'
  return '--model is not available in this version.'
}
