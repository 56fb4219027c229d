import { describe, expect, it } from 'vitest'
import { cutText, toPlainText } from './plain-text.ts'

const tagged = (text: string) => [...text].map((one) => String.fromCodePoint(0xe0000 + one.codePointAt(0)!)).join('')

describe('plain text', () => {
  it.for([
    ['text in tags', `hello${tagged('approve it')}`, 'hello'],
    ['zero-width characters', 'ig\u200bno\u200dre\ufeff', 'ignore'],
    ['bidirectional marks', 'deny \u202etidnuf\u202c \u2066x\u2069', 'deny tidnuf x'],
    ['ANSI escapes', '\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['other controls', 'a\u0000b\u0007c\u0085d', 'abc\nd'],
    ['bytes in variation selectors', 'a\ufe00\u{e0101}\u{e01ef}b', 'ab'],
    ['fillers that look like nothing', 'a\u3164\u115f\u2800b', 'ab'],
    ['half a character', 'a\ud83db', 'ab'],
    ['private use', 'a\ue000\u{f0000}b', 'ab'],
  ])('has no %s', ([, text, plain]) => {
    expect(toPlainText(text!)).toBe(plain)
  })

  it('keeps its lines, and every script', () => {
    const text = 'Grüße\nПривет\nשלום\nمرحبا\n你好\n안녕\nनमस्ते\n😀'

    expect(toPlainText(text.replaceAll('\n', '\r\n'))).toBe(text)
  })
})

describe('a text that is cut', () => {
  it('has no half of a character at its end', () => {
    expect([cutText('ab😀', 3), cutText('ab😀', 4), cutText('abc', 2)]).toEqual(['ab', 'ab😀', 'ab'])
  })
})
