import { pipeline } from 'node:stream/promises'
import type { SignInternalToken } from '@redress/shared/access/internal-token.ts'
import { GATEWAY_PRINCIPAL } from '@redress/shared/access/permissions.ts'
import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import { StoreUnavailableError } from '@redress/shared/errors.ts'
import type { Logger } from '@redress/shared/process/logger.ts'
import { MINUTE_MS } from '@redress/shared/time.ts'
import { PathNotFoundError } from './errors.ts'
import { type Exchange, setHeaders } from './exchange.ts'

/** A file of 64 MiB takes it on a line of 2 MBit/s. */
const WHOLE_MS_MAX = 5 * MINUTE_MS
const PASSED_ON = ['content-type', 'content-length', 'content-disposition']

type Options = Readonly<{
  /** The base URL of the service that has the files. */
  serviceUrl: string
  signToken: SignInternalToken
  /** Until the service begins to answer. */
  timeoutMs: number
  logger: Logger
}>

/**
 * Passes a file on from the service that has it. The ticket in the query of the address is the permission, which the
 * service checks; the log has addresses without their query.
 */
export function createDownloadRoute({ serviceUrl, signToken, timeoutMs, logger }: Options) {
  return async (exchange: Exchange): Promise<void> => {
    const { request, response, search, requestId, clientIp } = exchange
    const deadline = new AbortController()
    const abort = () => deadline.abort()
    response.once('close', abort)
    const timers = [setTimeout(abort, timeoutMs), setTimeout(abort, WHOLE_MS_MAX)]
    try {
      const authorization = `Bearer ${await signToken(GATEWAY_PRINCIPAL)}`
      const answer = await fetch(`${serviceUrl.replace(/\/+$/, '')}${DOWNLOADS_PATH}${search}`, {
        method: request.method!,
        headers: { authorization, 'x-request-id': requestId, 'x-client-ip': clientIp },
        redirect: 'error',
        signal: deadline.signal,
      })
      clearTimeout(timers[0])
      await passOn(answer, exchange)
    } catch (error) {
      if (error instanceof PathNotFoundError) throw error
      if (!response.destroyed) logger.warn({ err: error, requestId }, 'a file was not served')
      throw new StoreUnavailableError({ cause: error })
    } finally {
      response.off('close', abort)
      timers.forEach(clearTimeout)
    }
  }
}

/** @throws PathNotFoundError where the ticket gives no file; Error for any other answer without one. */
async function passOn(answer: Response, exchange: Exchange): Promise<void> {
  const { request, response } = exchange
  if (answer.status !== 200) {
    await answer.body?.cancel()
    if (answer.status === 404) throw new PathNotFoundError()
    throw new Error(`The service answered with status ${answer.status}.`)
  }
  setHeaders(exchange)
  response.setHeader('cache-control', 'private, no-store')
  for (const name of PASSED_ON) response.setHeader(name, answer.headers.get(name) ?? '')
  response.writeHead(200)
  if (request.method === 'HEAD' || answer.body === null) return void response.end()
  await pipeline(answer.body, response)
}
