import type { Principal } from '@redress/shared/access/permissions.ts'
import type { JobViews } from '../api/job-views.ts'
import { maySee } from '../api/may-see.ts'
import { JobNotFoundError } from '../errors.ts'
import { FileNotFoundError } from './errors.ts'
import type { FileLink, FileLinks } from './file-links.ts'
import type { Files, StoredFile } from './files.ts'

export type Download = FileLink & Pick<StoredFile, 'contentType' | 'bytes'> & Readonly<{ fileName: string }>

type Dependencies = Readonly<{
  views: Pick<JobViews, 'many'>
  files: Pick<Files, 'find'>
  links: Pick<FileLinks, 'sign'>
}>

/**
 * Makes a link to the file of a job, for a caller who may see the job. A mutation, because a link is made for one caller:
 * answers to queries and live updates are shared by callers with the same permissions.
 * @throws JobNotFoundError, FileNotFoundError
 */
export function createCreateDownload({ views, files, links }: Dependencies) {
  return async (jobId: string, principal: Principal): Promise<Download> => {
    const [job = null] = await views.many([jobId])
    if (job === null || !maySee(principal, job)) throw new JobNotFoundError(jobId)
    const file = job.state === 'COMPLETED' ? await files.find(jobId) : null
    if (file === null) throw new FileNotFoundError()
    const { name: fileName, contentType, bytes } = file
    return { ...links.sign({ fileId: jobId, actor: principal.id }), fileName, contentType, bytes }
  }
}
