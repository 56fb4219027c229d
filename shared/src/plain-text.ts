/**
 * Whatever a reader cannot see: controls (ANSI escapes begin with one), bidirectional marks, zero-width characters, the
 * tag block of U+E0000, variation selectors, fillers, private use and halves of surrogate pairs. Text can hide in all of
 * them, and a number or an address can be torn apart by them.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu
const LINE_BREAK = /\r\n?|[\u0085\u2028\u2029]/g
const LINES = /(\n)/

/** Text with nothing in it but what a reader sees; line breaks stay, tabs become spaces. */
export function toPlainText(text: string): string {
  const lines = text.replace(LINE_BREAK, '\n').replaceAll('\t', ' ').split(LINES)
  return lines.map((line) => (line === '\n' ? line : line.replace(INVISIBLE, ''))).join('')
}

/** The beginning of a text, at most `max` UTF-16 units, without half a character at its end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const cut = text.slice(0, max)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}
