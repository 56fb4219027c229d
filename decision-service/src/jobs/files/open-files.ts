import { DOWNLOADS_PATH } from '@redress/shared/contracts.ts'
import type { Outbox } from '@redress/shared/events/outbox.ts'
import type { RequestContext } from '@redress/shared/subgraph/request-context.ts'
import type { MongoClient } from 'mongodb'
import type { JobViews } from '../api/job-views.ts'
import { createCreateDownload } from './create-download.ts'
import { createFileLinks } from './file-links.ts'
import { createMongoFiles, type FileCollections } from './mongo-files.ts'
import { createServeFile } from './serve-file.ts'

type Stores = Readonly<{ mongo: MongoClient; collections: FileCollections; outbox: Outbox }>
type Options = Readonly<{
  views: Pick<JobViews, 'many'>
  /** Signs the links: 64 hexadecimal digits. */
  downloadKey: string
}>

const now = () => new Date()

/** Makes links to the files of jobs, and serves them. */
export function openFiles({ mongo, collections, outbox }: Stores, { views, downloadKey }: Options) {
  const files = createMongoFiles({ mongo, collections, now })
  const links = createFileLinks(downloadKey, now)
  const create = createCreateDownload({ views, files, links })
  const createDownload = (_: unknown, { jobId }: { jobId: string }, { principal }: RequestContext<unknown>) =>
    create(jobId, principal)
  return {
    resolvers: { Mutation: { createDownload } },
    routes: { [DOWNLOADS_PATH]: createServeFile({ files, links, mongo, outbox, now }) },
  }
}
