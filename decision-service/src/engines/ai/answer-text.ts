import { maskPersonal } from '@redress/shared/masking.ts'
import { cutText } from '@redress/shared/plain-text.ts'

const REASONING_LENGTH_MAX = 1000

/** The text of a model parsed as JSON; null where it is not JSON. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/**
 * Reasons as they may be stored: at most 1000 characters, with personal things masked. A model may repeat what a
 * customer wrote. What is masked is bounded, too.
 */
export function toReasoning(text: string): string {
  const masked = maskPersonal(cutText(text, 2 * REASONING_LENGTH_MAX)).trim()
  return cutText(masked, REASONING_LENGTH_MAX)
}
