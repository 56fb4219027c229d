/** A customer without personal data, which is read apart and with a permission of its own. */
export type Customer = Readonly<{
  id: string
  /** 0 (safe) to 100 (risky). */
  riskScore: number
  createdAt: Date
}>

/** The personal data of a customer. Always stored encrypted. */
export type PersonalData = Readonly<{ email: string; name: string }>
