import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give to connections and to servers that ask for any: one of those could take the port
 * between this look and its use, or while the program that has it restarts.
 */
const FIRST = 20_000
const LAST = 32_000

let next = FIRST + Math.floor(Math.random() * (LAST - FIRST))

/** A port of the loopback interface that is free at this moment, and a different one at each call. */
export async function findFreePort(): Promise<number> {
  for (let tries = FIRST; tries < LAST; tries++) {
    // A constant of this call: other calls move `next` on during the look.
    const port = next < LAST ? next + 1 : FIRST
    next = port
    if (await isFree(port)) return port
  }
  throw new Error(`No port from ${FIRST} to ${LAST} is free.`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
