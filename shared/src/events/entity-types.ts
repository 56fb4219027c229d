/** The types of entities that events are about. Stored, so never renamed. */
export const ENTITY_TYPES = [
  'Issue',
  'Customer',
  'Transaction',
  'Decision',
  'Autonomy',
  'Backtest',
  'Policy',
  'BusinessRule',
  'Provider',
  'Schedule',
  'Job',
  'Queue',
  'PaymentDecision',
  'ConsumerGroup',
  'ApiKey',
  'AiBudget',
  'SkillsFolder',
  'Token',
  'Caller',
  'Network',
] as const
export type EntityType = (typeof ENTITY_TYPES)[number]
