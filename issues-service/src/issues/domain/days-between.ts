import { DAY_MS } from '@redress/shared/time.ts'

/** Full days from one moment to another; 0 where the second is not later. */
export function daysBetween(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / DAY_MS))
}
