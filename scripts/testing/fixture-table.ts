import { fileURLToPath } from 'node:url'
import type { ProcessRow } from '../stack/processes/process-table.ts'

const program = fileURLToPath(new URL('fixture-service.ts', import.meta.url))
const row = { program, portVariable: 'PORT', addresses: {}, secrets: [] } as const

/** A stack of the same shape as ours, whose services do nothing; Redis is real. */
export const FIXTURE_TABLE: readonly ProcessRow[] = [
  { ...row, name: 'redis', label: 'redis', stage: 'store', program: 'redis', unlessGiven: 'REDIS_URL' },
  {
    ...row,
    name: 'issues',
    label: 'issues',
    stage: 'service',
    addresses: { REDIS_URL: 'redis' },
    secrets: ['ENCRYPTION_KEY'],
  },
  {
    ...row,
    name: 'gateway',
    label: 'gateway',
    stage: 'edge',
    addresses: { ISSUES_URL: 'issues' },
    secrets: ['PLAYGROUND_CODE'],
  },
]
