import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { MongoClient } from 'mongodb'
import type { JobView } from '../orders/job-view.ts'
import { createFileLinks } from './file-links.ts'
import { createMongoFiles, type FileCollections } from './mongo-files.ts'
import { createServeFile } from './serve-file.ts'

type Stores = Readonly<{ mongo: MongoClient; collections: FileCollections; outbox: Outbox }>
type Context = RequestContext<unknown>

const now = () => new Date()

/** Gives links to the files of jobs, and serves them. @param downloadKey 64 hexadecimal digits. */
export function openFiles({ mongo, collections, outbox }: Stores, downloadKey: string) {
  const files = createMongoFiles({ mongo, collections, now })
  const links = createFileLinks(downloadKey, now)
  const download = async ({ id, state }: JobView, _: unknown, { principal }: Context) => {
    const file = state === 'COMPLETED' ? await files.find(id) : null
    if (file === null) return null
    const { name: fileName, contentType, bytes } = file
    return { ...links.sign({ fileId: id, actor: principal.id }), fileName, contentType, bytes }
  }
  return {
    resolvers: { Job: { download } },
    routes: { [DOWNLOADS_PATH]: createServeFile({ files, links, mongo, outbox, now }) },
  }
}
