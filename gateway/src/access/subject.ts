const CHARACTERS_MAX = 200
/** The beginnings of the ids of API keys and of our own actors, without separators. */
const RESERVED = /^(?:apikey:|redress:|(?:gateway|anybody)$)/

/**
 * Whether the claim `sub` of a token can be the id of a principal: text that could be taken neither for an API key nor for
 * a part of Redress, in any spelling.
 */
export function isSubject(sub: unknown): sub is string {
  if (typeof sub !== 'string' || sub.trim() === '' || sub.length > CHARACTERS_MAX) return false
  if (!sub.isWellFormed() || /\p{Cc}/u.test(sub)) return false
  return !RESERVED.test(
    sub
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}:]/gu, ''),
  )
}
