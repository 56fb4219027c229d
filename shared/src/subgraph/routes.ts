import type { IncomingMessage, ServerResponse } from 'node:http'
import type { VerifyInternalToken } from '../access/internal-token.ts'
import type { Logger } from '../process/logger.ts'
import { answerFailure, readCaller } from './answer-operation.ts'
import type { RequestCaller } from './request-context.ts'

export type RouteRequest = RequestCaller & Readonly<{ isHead: boolean; search: URLSearchParams }>

/** Answers a GET or HEAD request of the gateway. @throws an AppError before it has answered, which becomes the answer. */
export type Route = (request: RouteRequest, response: ServerResponse) => Promise<void>

/** Answers beside GraphQL, by path. */
export type Routes = Readonly<Record<string, Route>>

type Options = Readonly<{ verifyToken: VerifyInternalToken; logger: Logger }>

/**
 * Answers a request by the route of its path. Only the gateway is answered, as on `/graphql`.
 * @returns false for a path or method without a route.
 */
export function answerByRoute(
  routes: Routes,
  { request, response }: Readonly<{ request: IncomingMessage; response: ServerResponse }>,
  { verifyToken, logger }: Options,
): boolean {
  const { pathname, searchParams: search } = new URL(request.url ?? '/', 'http://subgraph')
  const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined
  const isHead = request.method === 'HEAD'
  if (route === undefined || (request.method !== 'GET' && !isHead)) return false

  readCaller(request, verifyToken)
    .then((caller) => route({ ...caller, isHead, search }, response))
    .catch((error: unknown) => {
      if (!response.headersSent) return void answerFailure(response, error, { logger })
      // The reader sees that the answer is not whole.
      if (!response.destroyed) logger.error({ err: error, path: pathname }, 'an answer broke off')
      response.destroy()
    })
  return true
}
