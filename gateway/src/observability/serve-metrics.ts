import { answerCode, type HttpServer, startHttpServer } from '@redress/shared/process/http.ts'
import type { Metrics } from '@redress/shared/telemetry/metrics.ts'

/**
 * Serves `/metrics` on this machine only, for a Prometheus beside the gateway. On the gateway's own port they need a token:
 * a proxy in front of it would make them public. @throws PortInUseError
 */
export function serveMetrics(metrics: Metrics, port: number): Promise<HttpServer> {
  return startHttpServer(
    (request, response) => {
      if (!metrics.answer(request, response)) answerCode(response, 404, 'NOT_FOUND')
    },
    { port, host: '127.0.0.1' },
  )
}
