import { open } from 'node:fs/promises'
import { StackError } from '../stack/failure.ts'

/** Leaves a report that is there as it is. @throws StackError if the file cannot be written. */
export async function checkReport(file: string): Promise<void> {
  try {
    await (await open(file, 'a', 0o600)).close()
  } catch (cause) {
    throw new StackError(`${file} cannot be written.`, { cause })
  }
}
