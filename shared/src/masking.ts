import { toPlainText } from './plain-text.ts'

/** Bounded, so that a long text without an @ is not searched again and again. */
const EMAIL = /[\p{L}\p{N}._%+'-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8}/gu
/** A country, check digits and groups; the checksum decides whether it is an IBAN. */
const IBAN_LIKE = /(?<![\p{L}\p{N}])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/giu
/** Digits of any script with at most two separators between them. */
const DIGITS_LIKE = /[+(]{0,2}\p{Nd}(?:[ \u00a0().\-_/]{0,2}\p{Nd}){6,}/gu
const DATE_FIRST = /^(?:\d{1,2}[.\-/ ]\d{1,2}[.\-/ ]\d{4}|\d{4}[.\-/]\d{1,2}[.\-/]\d{1,2})(?=$| )/

const IBAN_LENGTH = { min: 15, max: 34 }
const CARD_LENGTH = { min: 13, max: 19 }
/** As short as the shortest national numbers. With a leading +, any length is a phone number. */
const PHONE_DIGITS_MIN = 8
const LONG_RUN_MIN = 9

/**
 * Masks personal data in a text: e-mail addresses, card numbers, IBANs, phone numbers and other long numbers become
 * `[email]`, `[card]`, `[iban]`, `[phone]` and `[number]`. Amounts, dates and short references stay. Invisible characters
 * are removed first, so that they cannot split a number. Idempotent. Names and postal addresses are not detected.
 */
export function maskPersonal(text: string): string {
  const plain = toPlainText(text)
  // Most texts have no @, and the search for what could stand before one takes longest.
  const withoutEmails = plain.includes('@') ? plain.replace(EMAIL, '[email]') : plain
  return withoutEmails.replace(IBAN_LIKE, maskIban).replace(DIGITS_LIKE, maskDigits)
}

/** Text after an IBAN may look like a part of it, so the longest prefix with a valid checksum is masked. */
function maskIban(candidate: string): string {
  const ends = [...candidate.matchAll(/[A-Z0-9]/gi)].map(({ index }) => index + 1)
  for (let length = Math.min(ends.length, IBAN_LENGTH.max); length >= IBAN_LENGTH.min; length--) {
    const end = ends[length - 1]!
    if (hasIbanChecksum(candidate.slice(0, end))) return `[iban]${candidate.slice(end)}`
  }
  return candidate
}

/** ISO 7064, MOD 97-10: the first four characters go to the end, and letters count from 10. */
function hasIbanChecksum(text: string): boolean {
  const compact = text.replace(/[ -]/g, '').toUpperCase()
  let rest = 0
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

function maskDigits(run: string): string {
  const digits = run.normalize('NFKC').replace(/[^\p{Nd}]/gu, '')
  const count = [...digits].length
  if (hasCardNumber(digits)) return '[card]'
  const [date] = DATE_FIRST.exec(run) ?? []
  if (date !== undefined) return date + run.slice(date.length).replace(DIGITS_LIKE, maskDigits)
  const separators = run.match(/(?<=\p{Nd})[^\p{Nd}]+(?=\p{Nd})/gu)?.length ?? 0
  if (run.startsWith('+') || run.startsWith('(+')) return '[phone]'
  if (separators > 0 && count >= LONG_RUN_MIN) return '[phone]'
  if (separators > 1 && count >= PHONE_DIGITS_MIN) return '[phone]'
  if (run.startsWith('0') && count >= LONG_RUN_MIN) return '[phone]'
  return count >= LONG_RUN_MIN ? '[number]' : run
}

/** Whether a card number is anywhere among the digits: other numbers may be beside it. */
function hasCardNumber(digits: string): boolean {
  if (!/^\d+$/.test(digits)) return false
  for (let start = 0; start + CARD_LENGTH.min <= digits.length; start++) {
    for (let length = CARD_LENGTH.min; length <= CARD_LENGTH.max && start + length <= digits.length; length++) {
      if (hasLuhnChecksum(digits.slice(start, start + length))) return true
    }
  }
  return false
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
