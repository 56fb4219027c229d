import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromRoot } from './repository.ts'

const read = (file: string) => readFileSync(fromRoot(file), 'utf8')
const lines = read('.env.example').split('\n')
const variables = lines.flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? [])

/** Files whose environment types name the variables that a process reads. */
const SOURCES = ['*/src/**/*config.ts', 'infra/*/src/{config,main}.ts', 'shared/src/process/service-environment.ts']
const configured = globSync(SOURCES, { cwd: fromRoot('.') }).flatMap((file) =>
  [...read(file).matchAll(/^ +'?([A-Z][A-Z_]+)\??'?:/gm)].map(([, name]) => name!),
)

describe('.env.example', () => {
  it('has every variable that a process reads', () => {
    expect(configured).toContain('MONGODB_URI')
    expect([...new Set(configured)].filter((name) => !variables.includes(name))).toEqual([])
  })

  it('explains each variable in a comment above it', () => {
    const bare = lines.filter((line, index) => /^[A-Z_]+=/.test(line) && !lines[index - 1]?.startsWith('# '))

    expect(bare).toEqual([])
  })

  it('holds no secret', () => {
    const secrets = lines.filter((line) => /^\w*(KEY|TOKEN|SECRET|PASSWORD)\w*=/.test(line))

    expect(secrets.length).toBeGreaterThan(3)
    expect(secrets.filter((line) => !line.endsWith('='))).toEqual([])
  })
})
