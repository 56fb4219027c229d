import { toAscii } from './ascii.ts'
import { toPlainText } from './plain-text.ts'

/** A part of a text: from `start` up to `end`, excluded. */
export type Span = Readonly<{ start: number; end: number }>

/** Groups of digits with up to three characters between them that are neither letters nor digits. */
const GROUPS = /\d(?:[^\p{L}\p{N}]{0,3}\d){12,}/gu
const LENGTH = { min: 13, max: 19 }
/** The first digits of the networks' ranges. */
const NETWORK = /^(?:[2-6]|8[12]|9792)/
/** A day of this or the last century, in any order: no network's numbers begin with such a year. */
const DATE_FIRST =
  /^(?:(?:0?[1-9]|[12]\d|3[01])[.\-/ ](?:0?[1-9]|[12]\d|3[01])[.\-/ ](?:19|20)\d{2}|(?:19|20)\d{2}[.\-/](?:0?[1-9]|1[0-2])[.\-/](?:0?[1-9]|[12]\d|3[01]))(?!\d)/

/**
 * Finds card numbers in any grouping: whole groups of digits, 13 to 19 together, with Luhn's checksum. A tenth of all
 * numbers have it, so amounts and dates in a row are told apart by the range of a network or by groups of one length.
 */
export function findCardNumbers(text: string): readonly Span[] {
  return [...text.matchAll(GROUPS)].flatMap(({ 0: run, index }) => findIn(run, index))
}

function findIn(run: string, offset: number): readonly Span[] {
  const groups = [...run.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ digits, start: index }))
  const found: Span[] = []
  for (let first = 0; first < groups.length; first++) {
    const last = lastOfCard(run, groups, first)
    if (last === null) continue
    const end = groups[last]!.start + groups[last]!.digits.length
    found.push({ start: offset + groups[first]!.start, end: offset + end })
    first = last
  }
  return found
}

type Group = Readonly<{ digits: string; start: number }>

/** The index of the last group of the longest card number that begins with the group `first`. */
function lastOfCard(run: string, groups: readonly Group[], first: number): number | null {
  let found: number | null = null
  let digits = ''
  for (let last = first; last < groups.length; last++) {
    digits += groups[last]!.digits
    if (digits.length > LENGTH.max) break
    const isPlausible = NETWORK.test(digits) || haveOneLength(groups.slice(first, last + 1))
    if (digits.length >= LENGTH.min && isPlausible && hasLuhnChecksum(digits)) found = last
  }
  return found === null || DATE_FIRST.test(run.slice(groups[first]!.start)) ? null : found
}

/** Whether groups are of three digits or more and equally long; the last may be shorter. */
function haveOneLength(groups: readonly Group[]): boolean {
  const size = groups[0]!.digits.length
  return size >= 3 && groups.slice(0, -1).every(({ digits }) => digits.length === size)
}

/** Whether a card number is anywhere among digits that stand together: other numbers may be beside it. */
export function hasCardNumber(digits: string): boolean {
  for (let start = 0; start + LENGTH.min <= digits.length; start++) {
    for (let length = LENGTH.min; length <= LENGTH.max && start + length <= digits.length; length++) {
      if (hasLuhnChecksum(digits.slice(start, start + length))) return true
    }
  }
  return false
}

/** Card numbers by the first digits and lengths of their networks (ISO/IEC 7812). */
const CARD =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[0689]\d{12}|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17})$/

/**
 * Whether a card number of a known network is among the characters of an identifier, in any grouping and script. Stricter
 * than the search in a text, which would take every tenth number of an order for a card.
 */
export function hasNetworkCard(identifier: string): boolean {
  const text = toAscii(toPlainText(identifier))
  return findCardNumbers(text).some(({ start, end }) => CARD.test(text.slice(start, end).replace(/\D/g, '')))
}

/** Whether a card number is in a text as a person would write it, in any grouping and script. */
export function hasWrittenCard(text: string): boolean {
  return findCardNumbers(toAscii(toPlainText(text))).length > 0
}

function hasLuhnChecksum(digits: string): boolean {
  let sum = 0
  for (let place = 1; place <= digits.length; place++) {
    const digit = Number(digits[digits.length - place])
    const counted = place % 2 === 0 ? digit * 2 : digit
    sum += counted > 9 ? counted - 9 : counted
  }
  return sum % 10 === 0
}
