/**
 * Invisible characters: controls (ANSI escapes begin with one), bidirectional marks, zero-width characters, the tag block
 * of U+E0000, variation selectors, fillers, private use and lone surrogates. Text can hide in all of them, and they can
 * split a number or an address.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g
const LINES = /(\n)/

/** Removes invisible characters; line breaks stay, tabs become spaces. */
export function toPlainText(text: string): string {
  const lines = text.replace(LINE_BREAK, '\n').replaceAll('\t', ' ').split(LINES)
  return lines.map((line) => (line === '\n' ? line : line.replace(INVISIBLE, ''))).join('')
}

/** The first `max` UTF-16 units of a text, without half a surrogate pair at the end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const cut = text.slice(0, max)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}
