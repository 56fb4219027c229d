import { createServer } from 'node:net'
import { StackError } from '../failure.ts'

/** @throws StackError when the port cannot be opened. Port 0 always can. */
export function ensurePortIsFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new StackError(problemOf(port, cause), { cause })))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}

function problemOf(port: number, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return `Port ${port} is in use by another program. Stop it, or set PORT to another port.`
  if (code === 'EACCES') return `Port ${port} needs privileges. Set PORT to a port above 1023.`
  return `Port ${port} cannot be opened: ${message}`
}
