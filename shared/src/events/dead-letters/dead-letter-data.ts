import { type } from 'arktype'

/** The data of acts on dead letters of a consumer group. */
export const DeadLetterIds = type({ group: 'string', ids: 'string[]' })

/** The data of an event about another one, or about a text, that a consumer group could not apply. */
export const DeadLetterAdded = type({
  id: 'string',
  group: 'string',
  stream: 'string',
  sequence: 'number',
  // Null where the text is not an event; so are the type and the subject.
  eventId: 'string | null',
  eventType: 'string | null',
  subject: type({ type: 'string', id: 'string' }).or('null'),
  reason: 'string',
  attempts: 'number',
  payload: 'object',
  setAsideAt: 'string.date.iso',
  failedAt: 'string.date.iso',
})
