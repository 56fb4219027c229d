import { describe, expect, it } from 'vitest'
import { findViolations, readTree } from './check-tree.ts'
import { findEmptyNames } from './tree/names.ts'
import { parseSource } from './tree/parse-source.ts'
import { findForbiddenImports, findUnusedPermissions } from './tree/rules.ts'

const imports = (path: string, ...specifiers: readonly string[]) =>
  parseSource({ path, text: specifiers.map((specifier) => `import { thing } from '${specifier}'\n`).join('') })

const tree = readTree()

describe('the tree', () => {
  it('keeps every house rule', () => {
    expect(findViolations(tree)).toEqual([])
  })

  it('is read whole', () => {
    const folders = new Set(tree.sources.map(({ path }) => path.split('/')[0]))

    expect([...folders]).toEqual(expect.arrayContaining(['decision-service', 'issues-service', 'scripts', 'shared']))
    expect(tree.readmes.map(({ path }) => path)).toEqual(expect.arrayContaining(['gateway/README.md']))
  })

  it.for<[string, string, string]>([
    ['audit-service/src/domain/entry.ts', 'arktype', 'domain may not import package'],
    ['audit-service/src/domain/entry.ts', 'node:fs', 'domain may not import node'],
    ['audit-service/src/domain/entry.ts', '@redress/shared/mongo.ts', 'domain may not import shared'],
    ['audit-service/src/domain/entry.ts', '../use-cases/ports.ts', 'domain may not import use-cases'],
    ['audit-service/src/use-cases/append.ts', 'mongodb', 'use-cases may not import package'],
    ['audit-service/src/use-cases/append.ts', '../outbound/mongo-entries.ts', 'use-cases may not import outbound'],
    ['audit-service/src/inbound/resolvers.ts', '../outbound/mongo-entries.ts', 'inbound may not import outbound'],
    ['audit-service/src/outbound/mongo-entries.ts', '../inbound/resolvers.ts', 'outbound may not import inbound'],
    ['decision-service/src/engines/rules/engine.ts', '../../outbound/x.ts', 'engines may not import outbound'],
    ['gateway/src/access/tokens.ts', '../http/server.ts', 'gateway/access may not import gateway/http'],
    ['gateway/src/main.ts', '../../scripts/start.ts', 'program may not import scripts'],
    ['scripts/start.ts', '../gateway/src/http/server.ts', 'scripts may not import gateway/http'],
    ['shared/src/stores/mongo.ts', '@redress/devdb/server.ts', 'shared may not import devdb'],
    [
      'audit-service/src/inbound/x.ts',
      '../../../issues-service/src/inbound/y.ts',
      'audit-service may not import issues-service',
    ],
    [
      'issues-service/src/inbound/a.test.ts',
      '../../../audit-service/src/inbound/b.ts',
      'issues-service may not import audit-service',
    ],
    ['issues-service/src/inbound/a.test.ts', '../main.ts', 'nothing may import a program'],
    ['decision-service/src/inbound/x.ts', '../worker.ts', 'nothing may import a program'],
  ])('does not let %s import %s', ([path, specifier, rule]) => {
    expect(findForbiddenImports([imports(path, specifier)])).toEqual([`${path}: imports ${specifier}; ${rule}`])
  })

  it.for<[string, readonly string[]]>([
    ['audit-service/src/domain/entry.ts', ['./money.ts', '@redress/shared/contracts.ts', 'node:crypto']],
    [
      'audit-service/src/outbound/mongo-entries.ts',
      ['../use-cases/ports.ts', 'mongodb', '@redress/shared/mongo.ts', 'node:fs'],
    ],
    ['decision-service/src/worker.ts', ['./config.ts', './engines/rules/engine.ts', './inbound/decision-worker.ts']],
    ['gateway/src/http/server.ts', ['../access/tokens.ts', '../execution/execute.ts']],
    ['gateway/test/whole.e2e.test.ts', ['../../scripts/stack/stack.ts', 'vitest']],
  ])('lets %s import what it needs', ([path, specifiers]) => {
    expect(findForbiddenImports([imports(path, ...specifiers)])).toEqual([])
  })

  it('has no file in a folder that the tree does not have', () => {
    const file = parseSource({ path: 'issues-service/src/services/issue.ts', text: '' })

    expect(findForbiddenImports([file])).toEqual([
      'issues-service/src/services/issue.ts: is in a folder that the tree does not have',
    ])
  })

  it('has no file named after a kind of code', () => {
    expect(findEmptyNames([{ path: 'shared/src/utils.ts' }, { path: 'shared/src/masking.ts' }])).toEqual([
      'shared/src/utils.ts: is named after a kind of code; name it after what it is for',
    ])
  })

  it('has no permission that no import uses', () => {
    const withoutDomain = tree.sources.filter(({ path }) => !path.includes('/domain/'))

    expect(findUnusedPermissions(withoutDomain)).toContain(
      'scripts/tree/rules.ts: no file of domain imports node:crypto; take the permission out',
    )
  })
})
