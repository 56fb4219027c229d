import { FILL, toAscii } from './ascii.ts'
import { findCardNumbers, hasCardNumber, type Span } from './card-number.ts'
import { findIbans } from './iban.ts'
import { toPlainText } from './plain-text.ts'

const LABEL = /\[(?:email|card|iban|phone|number)\]/
/** Bounded, so that a long text without an @ is not searched again and again. */
const EMAIL =
  /[\p{L}\p{N}\p{M}.!#$%&'*+/=?^_`{|}~-]{1,64}\s{0,3}@\s{0,3}(?:[\p{L}\p{N}\p{M}-]{1,63}(?:\.[\p{L}\p{N}\p{M}-]{1,63}){0,7}\.\p{L}[\p{L}\p{N}\p{M}-]{0,62}|\[[\da-f.:]{3,45}\])/giu
/** A plus sign and digits in any grouping. */
const INTERNATIONAL = /\(?\+(?:[^\p{L}\p{N}+]{0,3}\d){7,}/gu
const INTERNATIONAL_DIGITS_MAX = 15
const AMOUNT = /^\(?\+\d{1,3}(?:,\d{3})+(?:\.\d+)?$/
/** Digits with the separators of phone numbers between them. */
const DIGITS_LIKE = /[+(]{0,2}\d(?:[\s().\p{Pd}_/·•‧∙⋅]{0,3}\d){6,}/gu
const DATE_FIRST = /^(?:\d{1,2}[.\-/ ]\d{1,2}[.\-/ ]\d{4}|\d{4}[.\-/]\d{1,2}[.\-/]\d{1,2})(?=$|\s)/

/** As short as the shortest national numbers. With a leading +, any length is a phone number. */
const PHONE_DIGITS_MIN = 8
const LONG_RUN_MIN = 9

/**
 * Masks personal data in a text: e-mail addresses, card numbers, IBANs, phone numbers and other long numbers become
 * `[email]`, `[card]`, `[iban]`, `[phone]` and `[number]`. Amounts, dates and short references stay. Invisible characters
 * are removed first, so that they cannot split a number. Idempotent. Names and postal addresses are not detected.
 */
export function maskPersonal(text: string): string {
  return mask(toPlainText(text), [...CERTAIN, findNumbers])
}

/** Masks what is certain to be personal: e-mail addresses, card numbers, IBANs, and phone numbers with a plus sign. */
export function maskCertain(text: string): string {
  return mask(text, CERTAIN)
}

type Found = Span & Readonly<{ label: string }>
/** @param shown the text as it was written; `text` has its digits in ASCII, at the same places. */
type Find = (text: string, shown: string) => readonly Found[]

const CERTAIN: readonly Find[] = [
  (text) => (text.includes('@') ? labelled('[email]', [...text.matchAll(EMAIL)].map(toSpan)) : []),
  (text) => labelled('[iban]', findBetweenLabels(text)),
  (text) => labelled('[card]', findCardNumbers(text)),
  (text) => labelled('[phone]', findInternational(text)),
]

function mask(text: string, finders: readonly Find[]): string {
  let [shown, searched] = [text, toAscii(text)]
  for (const find of finders) {
    const found = find(searched, shown).map((one) => ({ ...one, end: endAfterFill(searched, one.end) }))
    if (found.length > 0) [shown, searched] = [replaceAll(shown, found), replaceAll(searched, found)]
  }
  return shown
}

/** Behind the second unit of a digit that has two. */
const endAfterFill = (text: string, end: number) => (text[end] === FILL ? end + 1 : end)

function replaceAll(text: string, found: readonly Found[]): string {
  let replaced = ''
  let from = 0
  for (const { start, end, label } of found) {
    replaced += text.slice(from, start) + label
    from = end
  }
  return replaced + text.slice(from)
}

const labelled = (label: string, spans: readonly Span[]) => spans.map((span) => ({ ...span, label }))
const toSpan = ({ 0: text, index }: RegExpExecArray): Span => ({ start: index, end: index + text.length })

/** The letters of a label are none of an IBAN. */
function findBetweenLabels(text: string): readonly Span[] {
  let at = 0
  return text.split(new RegExp(`(${LABEL.source})`)).flatMap((part, index) => {
    const offset = at
    at += part.length
    if (index % 2 === 1) return []
    return findIbans(part).map(({ start, end }) => ({ start: start + offset, end: end + offset }))
  })
}

function findInternational(text: string): readonly Span[] {
  return [...text.matchAll(INTERNATIONAL)].flatMap(({ 0: run, index }) => {
    if (AMOUNT.test(run)) return []
    let digits = 0
    let end = 0
    for (const group of run.matchAll(/\d+/g)) {
      if (digits > 0 && digits + group[0].length > INTERNATIONAL_DIGITS_MAX) break
      digits += group[0].length
      end = group.index + group[0].length
    }
    return [{ start: index, end: index + end }]
  })
}

function findNumbers(text: string, shown: string): readonly Found[] {
  return [...text.matchAll(DIGITS_LIKE)].flatMap(({ 0: run, index }) => {
    const label = labelOf(run, shown.startsWith('0', index))
    const [date] = label === '[card]' ? [] : (DATE_FIRST.exec(run) ?? [])
    if (date === undefined) return label === null ? [] : [{ start: index, end: index + run.length, label }]
    const from = index + date.length
    const rest = findNumbers(run.slice(date.length), shown.slice(from))
    return rest.map(({ start, end, label }) => ({ start: from + start, end: from + end, label }))
  })
}

function labelOf(run: string, beginsWithZero: boolean): string | null {
  const digits = run.replace(/\D/g, '')
  if (hasCardNumber(digits)) return '[card]'
  const separators = run.match(/(?<=\d)\D+(?=\d)/g)?.length ?? 0
  if (run.startsWith('+') || run.startsWith('(+')) return '[phone]'
  if (separators > 0 && digits.length >= LONG_RUN_MIN) return '[phone]'
  if (separators > 1 && digits.length >= PHONE_DIGITS_MIN) return '[phone]'
  if (beginsWithZero && digits.length >= LONG_RUN_MIN) return '[phone]'
  return digits.length >= LONG_RUN_MIN ? '[number]' : null
}
