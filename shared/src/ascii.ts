/** Behind a digit that had two UTF-16 units. In no plain text. */
export const FILL = '\u2060'

/** The text with digits of all scripts and fullwidth characters as ASCII; of the same length, in UTF-16 units. */
export function toAscii(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text
  return text.replace(/[\uff01-\uff5e]|\p{Nd}|[\u3002\uff61\ufe52]|\ufe6b/gu, (character) => {
    if (/\p{Nd}/u.test(character)) return digitOf(character).padEnd(character.length, FILL)
    if (character >= '\uff01' && character <= '\uff5e') return String.fromCharCode(character.charCodeAt(0) - 0xfee0)
    return character === '\ufe6b' ? '@' : '.'
  })
}

/** Unicode puts the ten digits of a script in a row. */
function digitOf(character: string): string {
  const normal = character.normalize('NFKC')
  if (/^\d$/.test(normal)) return normal
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(character.codePointAt(0)! - value - 1))) value++
  return String(value)
}
