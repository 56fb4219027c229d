import type { Span } from './card-number.ts'

/** The countries of the IBAN registry, and others that issue IBANs, with the length of theirs. */
const COUNTRIES = `AD24 AE23 AL28 AO25 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BI27 BJ28 BR29 BY28 CF27 CG27 CH21 CI28 CM27
  CR22 CV25 CY28 CZ24 DE22 DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GA27 GB22 GE22 GI23 GL18 GQ27 GR27
  GT28 GW25 HN28 HR21 HU28 IE22 IL23 IQ23 IR26 IS26 IT27 JO30 KM27 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28
  MC27 MD24 ME22 MG27 MK19 ML28 MN20 MR27 MT31 MU30 MZ25 NE28 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22
  RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TD27 TG28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30`
const LENGTHS = new Map(COUNTRIES.split(/\s+/).map((text) => [text.slice(0, 2), Number(text.slice(2))]))
const LENGTH_MAX = Math.max(...LENGTHS.values())

/** The beginning of an IBAN, with up to three characters that are neither letters nor digits between any two of it. */
const BEGINNING = /[a-z][^\p{L}\p{N}]{0,3}[a-z](?:[^\p{L}\p{N}]{0,3}\d){2}/giu
const NEXT = /[^\p{L}\p{N}]{0,3}([a-z\d])/iuy

/** Finds IBANs in any grouping: a country, its length and the checksum decide. */
export function findIbans(text: string): readonly Span[] {
  const found: Span[] = []
  let lastEnd = 0
  BEGINNING.lastIndex = 0
  for (let match = BEGINNING.exec(text); match !== null; match = BEGINNING.exec(text)) {
    const start = match.index
    const isWithinWord = start > lastEnd && /\p{L}/u.test(text[start - 1]!)
    const end = isWithinWord ? null : endOfIban(text, start)
    // The beginning of an IBAN may look like a part of the beginning before it.
    BEGINNING.lastIndex = end ?? start + 1
    if (end === null) continue
    found.push({ start, end })
    lastEnd = end
  }
  return found
}

function endOfIban(text: string, start: number): number | null {
  let compact = ''
  NEXT.lastIndex = start
  let length = LENGTH_MAX
  while (compact.length < length) {
    const next = NEXT.exec(text)
    if (next === null) return null
    compact += next[1]!.toUpperCase()
    if (compact.length === 2) {
      const known = LENGTHS.get(compact)
      if (known === undefined) return null
      length = known
    }
    start = NEXT.lastIndex
  }
  return hasChecksum(compact) ? start : null
}

/** ISO 7064, MOD 97-10: the first four characters go to the end, and letters count from 10. */
function hasChecksum(compact: string): boolean {
  let rest = 0
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}
