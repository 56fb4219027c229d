/** The actors of changes that no caller asked for, as events and audit entries name them. Stored, so never renamed. */
export const ACTORS = {
  issues: 'redress:issues',
  decisions: 'redress:decisions',
  audit: 'redress:audit',
  worker: 'redress:worker',
  schedules: 'redress:schedules',
  skills: 'redress:skills',
  autonomy: 'redress:autonomy',
  events: 'redress:events',
  gateway: 'redress:gateway',
} as const
