import { describe, expect, it } from 'vitest'
import type { StreamState } from '../log/stream-log.ts'
import { beginReading, isAwaited } from './reading.ts'

const AT_END = { epoch: 'e1', headId: '3-0' }
const after = (epoch: string | null) => beginReading({ cursor: { entryId: '9-0', eventId: 'iss_1-9', epoch } }, never)
const never = () => Promise.reject(new Error('No moment is asked for.'))

describe('an entry that its stream lacks', () => {
  it.for<[string, string | null, StreamState | null, boolean]>([
    ['was lost with its whole stream', 'e1', null, true],
    ['belongs to the log of the stream, whether or not this gateway read it', 'e1', AT_END, true],
    ['belongs to a log that was restored from an older copy', 'e0', AT_END, false],
    ['is named by a cursor without an epoch', null, AT_END, false],
  ])('that %s', async ([, epoch, state, isComing]) => {
    expect(isAwaited(await after(epoch), state)).toBe(isComing)
  })
})
