/** A customer without what tells who they are; that is read on its own, by those who may. */
export type Customer = Readonly<{
  id: string
  /** 0 (safe) to 100 (risky). */
  riskScore: number
  createdAt: Date
}>

/** What tells who a customer is. Encrypted wherever it is stored. */
export type PersonalData = Readonly<{ email: string; name: string }>
