import { type Area, type Place, placeOf, type Target, targetOf } from './areas.ts'

/** A file of ours, its path given from the root of the repository. */
export type SourceFile = Readonly<{ path: string; text: string }>

const SERVICE = ['domain', 'use-cases', 'inbound', 'outbound', 'engines', 'config'] as const
const GATEWAY = [
  'gateway/http',
  'gateway/subscriptions',
  'gateway/operations',
  'gateway/execution',
  'gateway/access',
  'gateway/observability',
] as const
const OUTSIDE = ['shared', 'shared/pure', 'package', 'node', 'node:crypto'] as const

/**
 * Who may import whom. This table is the architecture; the README only draws it. Areas of a service mean its
 * own ones: no service imports another. Nobody imports a `program`.
 */
const MAY_IMPORT: Readonly<Record<Area, readonly Target[]>> = {
  // A hash is a pure function.
  domain: ['domain', 'shared/pure', 'node:crypto'],
  'use-cases': ['domain', 'use-cases', 'shared/pure'],
  inbound: ['domain', 'use-cases', 'inbound', ...OUTSIDE],
  outbound: ['domain', 'use-cases', 'engines', 'outbound', ...OUTSIDE],
  // What is measured is not the whole of a service.
  bench: ['bench', ...SERVICE, 'scripts', 'devdb', 'gateway/composition', ...OUTSIDE],
  engines: ['domain', 'use-cases', 'engines', ...OUTSIDE],
  // A configuration may ask those who use a value whether it is usable.
  config: ['domain', 'config', 'gateway/access', 'gateway/operations', ...OUTSIDE],
  // Parts of a composition root, for programs that share them.
  root: [...SERVICE, 'root', ...OUTSIDE],
  program: [...SERVICE, 'root', 'start', ...GATEWAY, ...OUTSIDE],
  start: ['config', ...GATEWAY, ...OUTSIDE],

  // From the doors inwards, and never back; operations and execution need each other by turns.
  'gateway/http': [...GATEWAY, ...OUTSIDE],
  'gateway/subscriptions': [
    'gateway/subscriptions',
    'gateway/observability',
    'gateway/operations',
    'gateway/execution',
    'gateway/access',
    'gateway/observability',
    ...OUTSIDE,
  ],
  'gateway/operations': [
    'gateway/operations',
    'gateway/execution',
    'gateway/access',
    'gateway/observability',
    ...OUTSIDE,
  ],
  'gateway/execution': [
    'gateway/execution',
    'gateway/operations',
    'gateway/access',
    'gateway/observability',
    ...OUTSIDE,
  ],
  'gateway/access': ['gateway/access', ...OUTSIDE],
  // What is counted knows nothing of who counts it.
  'gateway/observability': ['gateway/observability', ...OUTSIDE],
  'gateway/composition': ['gateway/composition', ...OUTSIDE],

  shared: ['shared', 'shared/pure', 'package', 'node', 'node:crypto'],
  devdb: ['devdb', ...OUTSIDE],
  infra: ['infra', ...OUTSIDE],
  scripts: ['scripts', 'devdb', 'gateway/composition', ...OUTSIDE],
  // A test may use what it tests, and what starts the processes it needs.
  test: [
    'test',
    'start',
    'root',
    ...SERVICE,
    ...GATEWAY,
    'gateway/composition',
    'devdb',
    'infra',
    'scripts',
    ...OUTSIDE,
  ],
}

/** Packages that others than themselves may reach, within the table. */
const OPEN_OWNERS = new Set<string | null>([null, 'shared', 'devdb'])

const LINES_MAX = 250
/** Names that say what kind of code it is, not what it is for. */
const EMPTY_NAMES = /(^|\/)(utils?|helpers?|common|misc|types|models)(\/|\.ts$)/

/** One line for every breach, which names the file, what it imports and the rule. */
export function findViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => [...ofName(file), ...ofLength(file), ...ofImports(file)])
}

function ofName({ path }: SourceFile): readonly string[] {
  return EMPTY_NAMES.test(path) ? [`${path}: is named after a kind of code; name it after what it is for`] : []
}

function ofLength({ path, text }: SourceFile): readonly string[] {
  const lines = text.split('\n').length - 1
  if (lines <= LINES_MAX || placeOf(path)?.area === 'test') return []
  return [`${path}: has ${lines} lines; a source file has at most ${LINES_MAX}`]
}

function ofImports({ path, text }: SourceFile): readonly string[] {
  const place = placeOf(path)
  if (place === null) return [`${path}: is in a folder that the tree does not have`]
  return importsOf(text).flatMap((specifier) => {
    const problem = problemOf(place, specifier, path)
    return problem === null ? [] : [`${path}: imports ${specifier}; ${problem}`]
  })
}

function problemOf(place: Place, specifier: string, path: string): string | null {
  const found = targetOf(specifier, path)
  if (found === null) return 'which has no place in the tree'
  const { target, owner } = found
  if (target === 'program') return 'nobody imports a program'
  if (!MAY_IMPORT[place.area].includes(target)) return `${place.area} may not import ${target}`

  const isOpen = OPEN_OWNERS.has(owner) || target === 'gateway/composition' || place.area === 'bench'
  const isScriptForTest = owner === 'scripts' && place.area === 'test'
  return owner === place.owner || isOpen || isScriptForTest ? null : `${place.owner} may not import ${owner}`
}

/** Static imports, re-exports, and dynamic imports of a literal. */
function importsOf(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const statements =
    /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g
  return [...code.matchAll(statements)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}
