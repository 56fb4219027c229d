import { answerJson, startHttpServer } from '../process/http.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** The lines of one scrape that begin with `beginning`. */
export async function readMetrics(metrics: Metrics, beginning: string): Promise<readonly string[]> {
  const server = await startHttpServer(
    (request, response) => metrics.answer(request, response) || answerJson(response, 404, {}),
    { port: 0, host: '127.0.0.1' },
  )
  try {
    const response = await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })
    const lines = (await response.text()).split('\n')
    return lines.filter((line) => line.startsWith(beginning) && !line.includes('_bucket'))
  } finally {
    await server.close()
  }
}
