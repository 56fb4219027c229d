import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createTemporaryDirectory } from '../../testing/temporary-directory.ts'
import { findOrInstallRedis, type Machine } from './find-redis.ts'

const DEBIAN = 'NAME="Debian GNU/Linux"\nID=debian\n'
const UBUNTU = 'ID=ubuntu\nID_LIKE=debian\n'
const FEDORA = 'ID=fedora\n'

function putProgram(directory: string, name: string, script = '#!/bin/sh\n') {
  writeFileSync(`${directory}/${name}`, script)
  chmodSync(`${directory}/${name}`, 0o755)
}

/** An apt-get that writes its arguments to a file, and installs an empty Redis. */
function putApt(directory: string) {
  putProgram(
    directory,
    'apt-get',
    `#!/bin/sh
echo "$@ $RUNLEVEL $DEBIAN_FRONTEND" >> ${directory}/calls
[ "$1" = install ] || exit 0
echo '#!/bin/sh' > ${directory}/redis-server
/bin/chmod +x ${directory}/redis-server
`,
  )
}

const machine = (path: string, rest: Partial<Machine> = {}): Machine => ({
  path,
  osRelease: DEBIAN,
  isRoot: true,
  ...rest,
})

describe('finding Redis', () => {
  it.for(['redis-server', 'valkey-server'])('finds %s on the path', (name, test) => {
    const directory = createTemporaryDirectory(test)
    putProgram(directory, name)

    expect(findOrInstallRedis(machine(`/nowhere:${directory}`), () => {})).toBe(`${directory}/${name}`)
  })

  it.for([DEBIAN, UBUNTU])('installs it with apt-get, prints that, and starts no service (%j)', (osRelease, test) => {
    const directory = createTemporaryDirectory(test)
    putApt(directory)
    const said: string[] = []

    const program = findOrInstallRedis(machine(directory, { osRelease }), (line) => said.push(line))

    expect(program).toBe(`${directory}/redis-server`)
    expect(readFileSync(`${directory}/calls`, 'utf8').split('\n').slice(0, 2)).toEqual([
      'update 1 noninteractive',
      'install -y --no-install-recommends redis-server 1 noninteractive',
    ])
    expect(said).toEqual([
      'Redis is missing: installing redis-server with apt-get …',
      `Installed ${directory}/redis-server.`,
    ])
  })

  it.for<[string, Partial<Machine>]>([
    ['without root', { isRoot: false }],
    ['on another system', { osRelease: FEDORA }],
  ])('%s names the package to install', ([_, rest], test) => {
    const directory = createTemporaryDirectory(test)
    putApt(directory)

    const find = () => findOrInstallRedis(machine(directory, rest), () => {})

    expect(find).toThrow(/^Redis is missing: install .*apt-get.*dnf.*brew.*$/)
  })
})
