/** A file is deleted after this, and so is the record of its job. */
export const FILE_DAYS = 30

/** A file that a job has made, as it is stored. */
export type StoredFile = Readonly<{
  /** That of the job: it has one file at most. */
  id: string
  name: string
  contentType: string
  bytes: number
  /** When it is deleted. */
  expiresAt: Date
  /** Identifies its content, which another attempt at the job replaces. */
  content: string
  chunks: number
}>

export type NewFile = Pick<StoredFile, 'id' | 'name' | 'contentType'>

/** Files that jobs have made. */
export type Files = Readonly<{
  /**
   * Stores the file of a job, whole or not at all; it replaces one that an earlier attempt has stored. Holds one chunk in
   * memory.
   * @throws FileTooLargeError for more than 64 MiB; the reason of `signal`; an error of `content`.
   */
  store(file: NewFile, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredFile>
  /** Null where there is none, or where it has expired. */
  find(id: string): Promise<StoredFile | null>
  /** Reads the content, chunk by chunk. @throws Error where it was replaced or deleted meanwhile. */
  read(file: StoredFile): AsyncIterable<Uint8Array>
}>
