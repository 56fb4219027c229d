export type Slots = Readonly<{
  /** Takes a slot, which `give` must give back; false where all are taken. */
  take(): boolean
  give(): void
}>

const UNLIMITED: Slots = { take: () => true, give: () => undefined }

/** The jobs of one type that a worker may run side by side. @param max null for any number. */
export function createSlots(max: number | null): Slots {
  if (max === null) return UNLIMITED
  let taken = 0
  return {
    take() {
      if (taken >= max) return false
      taken++
      return true
    },
    give: () => void taken--,
  }
}
