// Installs the dependencies of the lockfile, once. Plain JavaScript, because it runs on the system's Node.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const root = new URL('..', import.meta.url)
const read = (path) => {
  try {
    return readFileSync(new URL(path, root), 'utf8')
  } catch {
    return undefined
  }
}

// pnpm keeps a byte-identical copy of the lockfile that it has installed.
const lockfile = read('pnpm-lock.yaml')
if (lockfile === undefined || lockfile !== read('node_modules/.pnpm/lock.yaml')) {
  const { pnpm } = JSON.parse(read('package.json')).devDependencies
  console.error(`Installing dependencies with pnpm ${pnpm} (about 450 MB, once) …`)
  const install = spawnSync(
    'npm',
    ['exec', '--yes', `--package=pnpm@${pnpm}`, '--', 'pnpm', 'install', '--frozen-lockfile'],
    { cwd: root, stdio: 'inherit' },
  )
  process.exit(install.status ?? 1)
}
