/**
 * ISO 4217: the currencies whose minor unit is not a hundredth. Not from Intl, which has CLDR's digits for display: it
 * shows 12500 COP, in minor units, as 12500 pesos instead of 125.00 (likewise HUF, IDR, IQD, PKR and a dozen more).
 */
const DIGITS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
}

/** An amount in minor units as text: `12500` in `USD` is `125.00 USD`. */
export function toMoneyText(amount: number, currency: string): string {
  const digits = DIGITS[currency] ?? 2
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency}`
}
