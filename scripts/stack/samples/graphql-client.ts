const TIMEOUT_MS = 10_000

export type Endpoint = Readonly<{ url: string; token: string }>

/** The graph did not answer, or answered with errors, whose codes are in `codes`. */
export class GraphqlError extends Error {
  override readonly name = 'GraphqlError'
  readonly codes: readonly string[]

  constructor(message: string, { codes = [], ...options }: ErrorOptions & { codes?: readonly string[] } = {}) {
    super(message, options)
    this.codes = codes
  }
}

type Answer<Data> = { data?: Data | null; errors?: readonly { message: string; extensions?: { code?: string } }[] }

/** Sends one operation and returns its data. @throws GraphqlError */
export async function callGraphql<Data>(
  { url, token }: Endpoint,
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
): Promise<Data> {
  const { data, errors = [] } = await post<Data>(url, token, JSON.stringify({ query, variables }))
  if (errors.length > 0 || data == null) {
    const codes = errors.flatMap(({ extensions }) => extensions?.code ?? [])
    throw new GraphqlError(errors.map(({ message }) => message).join('; ') || 'The answer is empty.', { codes })
  }
  return data
}

async function post<Data>(url: string, token: string, body: string): Promise<Answer<Data>> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return (await response.json()) as Answer<Data>
  } catch (cause) {
    throw new GraphqlError(`${url} does not answer.`, { cause })
  }
}
