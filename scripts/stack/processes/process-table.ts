import type { KeySettings } from '../keys/keys.ts'

/** The order of stopping: first no request enters, then running work is finished, then the stores close. */
export const STAGES = ['edge', 'service', 'store'] as const
export type Stage = (typeof STAGES)[number]

export type ProcessRow = Readonly<{
  name: string
  /** Printed while it starts. */
  label: string
  stage: Stage
  /** The Node program, from the root of the repository; `redis` for Redis. */
  program: string
  /** The variable that names its port. */
  portVariable: string
  /** Variables that give it the addresses of other processes. It is started once they are known. */
  addresses: Readonly<Record<string, string>>
  /** The keys that it needs. Keys of other processes are removed from its environment. */
  secrets: readonly (keyof KeySettings | 'PLAYGROUND_CODE')[]
  /** Flags of Node. */
  flags?: readonly string[]
  /** Further variables of this process alone. */
  environment?: NodeJS.ProcessEnv
  /** Not started when this variable gives the address of a running one. */
  unlessGiven?: string
}>

/** Under load much lives as long as a transaction, and a smaller young generation copies it again and again. */
const YOUNG = ['--min-semi-space-size=32', '--max-semi-space-size=32']

const STORES = { MONGODB_URI: 'devdb', REDIS_URL: 'redis' }

/** Every process of Redress on one machine. */
export const PROCESS_TABLE: readonly ProcessRow[] = [
  {
    name: 'devdb',
    label: 'database',
    stage: 'store',
    program: 'infra/devdb/src/main.ts',
    flags: YOUNG,
    portVariable: 'DEVDB_PORT',
    addresses: {},
    secrets: [],
    unlessGiven: 'MONGODB_URI',
  },
  {
    name: 'redis',
    label: 'redis',
    stage: 'store',
    program: 'redis',
    portVariable: 'REDIS_PORT',
    addresses: {},
    secrets: [],
    unlessGiven: 'REDIS_URL',
  },
  {
    name: 'issues',
    label: 'issues',
    stage: 'service',
    program: 'issues-service/src/main.ts',
    flags: YOUNG,
    portVariable: 'ISSUES_PORT',
    addresses: STORES,
    secrets: ['INTERNAL_PUBLIC_KEY', 'ENCRYPTION_KEY', 'ENCRYPTION_KEY_PREVIOUS', 'BLIND_INDEX_KEY'],
  },
  {
    name: 'decisions',
    label: 'decisions',
    stage: 'service',
    program: 'decision-service/src/main.ts',
    flags: YOUNG,
    portVariable: 'DECISIONS_PORT',
    addresses: { ...STORES, ISSUES_URL: 'issues' },
    secrets: ['INTERNAL_PUBLIC_KEY', 'ANTHROPIC_API_KEY', 'DOWNLOAD_KEY'],
  },
  {
    name: 'worker',
    label: 'worker',
    stage: 'service',
    program: 'decision-service/src/worker.ts',
    flags: YOUNG,
    portVariable: 'WORKER_PORT',
    addresses: STORES,
    secrets: ['ANTHROPIC_API_KEY'],
  },
  {
    name: 'audit',
    label: 'audit',
    stage: 'service',
    program: 'audit-service/src/main.ts',
    flags: YOUNG,
    portVariable: 'AUDIT_PORT',
    addresses: STORES,
    secrets: ['INTERNAL_PUBLIC_KEY'],
  },
  {
    name: 'gateway',
    label: 'gateway',
    stage: 'edge',
    program: 'gateway/src/main.ts',
    portVariable: 'PORT',
    addresses: { ISSUES_URL: 'issues', DECISIONS_URL: 'decisions', AUDIT_URL: 'audit', REDIS_URL: 'redis' },
    secrets: ['INTERNAL_PRIVATE_KEY', 'JWT_PUBLIC_KEY_PATH', 'PLAYGROUND_CODE'],
  },
]
