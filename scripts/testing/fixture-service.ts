import { startHttpServer } from '@redress/shared/process/http.ts'
import { announceReady, untilStopped } from '@redress/shared/process/lifecycle.ts'

/** A service that does nothing, in the manner that its environment asks for. */
const { FIXTURE_EXIT, FIXTURE_DEAF, FIXTURE_MUTE, PORT } = process.env

process.stdout.write(`${JSON.stringify({ level: 30, service: 'fixture', msg: 'starting' })}\n`)
if (FIXTURE_EXIT) {
  process.stderr.write('The fixture does not want to run.\n')
  process.exit(Number(FIXTURE_EXIT))
}
const server = await startHttpServer((_request, response) => response.end(JSON.stringify(process.env)), {
  port: Number(PORT),
  host: '127.0.0.1',
})
if (FIXTURE_DEAF) {
  process.on('SIGTERM', () => {})
  process.on('disconnect', () => {})
}
if (!FIXTURE_MUTE) announceReady(server.url)
if (!FIXTURE_DEAF) {
  await untilStopped()
  await server.close()
}
