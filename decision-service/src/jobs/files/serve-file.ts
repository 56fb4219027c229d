import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { can } from '@redress/shared/access/permissions.ts'
import { ForbiddenError } from '@redress/shared/errors.ts'
import { newEvent } from '@redress/shared/events/catalogue.ts'
import { causeOfService } from '@redress/shared/events/envelope.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import { inTransaction } from '@redress/shared/stores/mongo.ts'
import type { Route, RouteRequest } from '@redress/shared/subgraph/routes.ts'
import type { Clock } from '@redress/shared/time.ts'
import type { MongoClient } from 'mongodb'
import { FileNotFoundError } from './errors.ts'
import type { FileLinks, Grant } from './file-links.ts'
import type { Files, StoredFile } from './files.ts'

const SERVE = 'file:serve:*'

type Dependencies = Readonly<{
  files: Pick<Files, 'find' | 'read'>
  links: Pick<FileLinks, 'read'>
  mongo: MongoClient
  outbox: Outbox
  now: Clock
}>

/**
 * Serves the file of a ticket to the gateway, which passes it on. A download is in the audit log before its first byte
 * leaves, with the principal that the link was given to.
 */
export function createServeFile({ files, links, ...dependencies }: Dependencies): Route {
  return async (request, response) => {
    if (!can(request.principal, SERVE)) throw new ForbiddenError(SERVE)
    const grant = links.read(request.search.get('ticket') ?? '')
    const file = grant && (await files.find(grant.fileId))
    if (!file) throw new FileNotFoundError()
    if (!request.isHead) await record(file, grant, request, dependencies)
    response.writeHead(200, {
      'content-type': file.contentType,
      'content-length': file.bytes,
      'content-disposition': `attachment; filename="${file.name}"`,
    })
    if (request.isHead) return void response.end()
    await pipeline(Readable.from(files.read(file)), response)
  }
}

async function record(
  { id, name, bytes }: StoredFile,
  { actor }: Grant,
  { requestId, clientIp: ip }: RouteRequest,
  { mongo, outbox, now }: Pick<Dependencies, 'mongo' | 'outbox' | 'now'>,
): Promise<void> {
  const event = newEvent('file.downloaded', {
    ...{ id: `file.downloaded-${randomUUID()}`, at: now(), cause: { ...causeOfService(actor), requestId, ip } },
    ...{ entity: { type: 'Job', id }, data: { fileName: name, bytes } },
  })
  await inTransaction(mongo, (session) => outbox.add([event], session))
  outbox.wake()
}
