/**
 * The currencies of ISO 4217 (list one) that payments are made in. Not from Intl, whose list changes with the version of
 * ICU and still has currencies without a country. Left out: precious metals, funds, units of account, `XTS` and `XXX`.
 * ANG and BGN were withdrawn in 2025 and 2026: older payments are still refunded in them.
 */
const CODES =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP ' +
  'CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ' +
  'ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT ' +
  'MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD ' +
  'SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES ' +
  'VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG'

const CURRENCIES: ReadonlySet<string> = new Set(CODES.split(' '))
const IN_EITHER_CASE = /^[a-z]{3}$/i

/** The code of a currency in upper case; null for a text that is not a currency of ISO 4217. */
export function toCurrency(text: string): string | null {
  // Only letters of ASCII: toUpperCase makes three letters out of others, such as ﬀ.
  const code = IN_EITHER_CASE.test(text) ? text.toUpperCase() : ''
  return CURRENCIES.has(code) ? code : null
}
