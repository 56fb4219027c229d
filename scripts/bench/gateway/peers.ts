import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fromRoot } from '../../repository.ts'

/** Other gateways for Node. Their packages are not in our lockfile: they are installed beside the benchmark. */
export const PEER_NAMES = ['mercurius', 'hive'] as const
export type PeerName = (typeof PEER_NAMES)[number]

export const PEER_PROGRAMS: Readonly<Record<PeerName, string>> = {
  mercurius: 'scripts/bench/peers/mercurius.mjs',
  hive: 'scripts/bench/peers/hive.mjs',
}

const FOLDER = 'scripts/bench/peers'
const PACKAGES: Readonly<Record<PeerName, string>> = {
  mercurius: '@mercuriusjs/gateway',
  hive: '@graphql-hive/router-runtime',
}

export function findInstalledPeers(): readonly PeerName[] {
  return PEER_NAMES.filter((name) => existsSync(fromRoot(`${FOLDER}/node_modules/${PACKAGES[name]}/package.json`)))
}

/** Installs the exact versions of `scripts/bench/peers/package.json` from the registry that npm is configured with. */
export function installPeers(): void {
  const options = ['--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts']
  execFileSync('npm', ['install', ...options], { cwd: fromRoot(FOLDER), stdio: 'inherit' })
}
