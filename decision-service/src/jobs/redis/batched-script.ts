import { digestOf, isForgotten } from './redis-script.ts'

/** Calls of one batch. Redis answers no other client while it runs one, which takes a millisecond or two. */
const BATCH_MAX = 50

export type ScriptCall = { keys: string[]; arguments: (string | Buffer)[] }

/** The part of a Redis client that runs scripts. */
export type ScriptClient = Readonly<{
  evalSha(digest: string, call: ScriptCall): Promise<unknown>
  eval(source: string, call: ScriptCall): Promise<unknown>
}>

type Waiting = ScriptCall & Readonly<{ resolve: (reply: unknown) => void; reject: (error: unknown) => void }>

/**
 * Runs the script `source` for several calls in turn, with the reply or the error of each. KEYS: those of the first call,
 * then of each further one those that differ within the batch; ARGV the same, after the number of calls, of keys and of
 * arguments of a call, and the places of the keys and arguments that differ.
 */
const toBatchSource = (source: string) => `local run = function(KEYS, ARGV)
${source}
end
local first = 5
local places = {cjson.decode(ARGV[4]), cjson.decode(ARGV[5])}
local keys, args = {unpack(KEYS, 1, ARGV[2])}, {unpack(ARGV, first + 1, first + ARGV[3])}
local nextKey, nextArg = ARGV[2] + 1, first + ARGV[3] + 1
local replies = {}
for call = 1, tonumber(ARGV[1]) do
  if call > 1 then
    for _, place in ipairs(places[1]) do
      keys[place] = KEYS[nextKey]
      nextKey = nextKey + 1
    end
    for _, place in ipairs(places[2]) do
      args[place] = ARGV[nextArg]
      nextArg = nextArg + 1
    end
  end
  local done, reply = pcall(run, keys, args)
  if not done then reply = {err = type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[call] = reply or false
end
return replies`

/** Runs a script: the calls of one turn of the event loop together, each of which succeeds or fails by itself. */
export function createBatchedScript(source: string, clientOf: () => ScriptClient) {
  const runScript = createRun(source, clientOf)
  const runScripts = createRun(toBatchSource(source), clientOf)
  let waiting: Waiting[] = []

  const runOne = ({ resolve, reject, ...call }: Waiting) => runScript(call).then(resolve, reject)
  const runBatch = async (calls: readonly Waiting[]) => {
    try {
      const replies = (await runScripts(toBatchCall(calls))) as readonly unknown[]
      for (const [index, { resolve, reject }] of calls.entries()) {
        const reply = replies[index]
        if (reply instanceof Error) reject(reply)
        else resolve(reply)
      }
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }
  const runWaiting = () => {
    const calls = waiting
    waiting = []
    for (const batch of toBatches(calls)) void (batch.length === 1 ? runOne(batch[0]!) : runBatch(batch))
  }
  return (call: ScriptCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(runWaiting)
      waiting.push({ keys: call.keys, arguments: call.arguments, resolve, reject })
    })
}

function createRun(source: string, clientOf: () => ScriptClient) {
  const digest = digestOf(source)
  return async (call: ScriptCall): Promise<unknown> => {
    const client = clientOf()
    try {
      return await client.evalSha(digest, call)
    } catch (error) {
      if (!isForgotten(error)) throw error
      return await client.eval(source, call)
    }
  }
}

/** Up to BATCH_MAX calls each, with as many keys and arguments as the others of the batch. */
function toBatches(calls: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const bySize = Map.groupBy(calls, (call) => `${call.keys.length} ${call.arguments.length}`)
  return [...bySize.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / BATCH_MAX) }, (_, index) =>
      all.slice(index * BATCH_MAX, (index + 1) * BATCH_MAX),
    ),
  )
}

function toBatchCall(calls: readonly ScriptCall[]): ScriptCall {
  const [first, ...others] = calls as readonly [ScriptCall, ...ScriptCall[]]
  const keyPlaces = differing(calls.map(({ keys }) => keys))
  const argPlaces = differing(calls.map((call) => call.arguments))
  const keys = [...first.keys]
  const sizes = [calls.length, first.keys.length, first.arguments.length].map(String)
  const toText = (places: readonly number[]) => JSON.stringify(places.map((place) => place + 1))
  const args = [...sizes, toText(keyPlaces), toText(argPlaces), ...first.arguments]
  for (const call of others) {
    for (const place of keyPlaces) keys.push(call.keys[place]!)
    for (const place of argPlaces) args.push(call.arguments[place]!)
  }
  return { keys, arguments: args }
}

/** The places at which the rows are not all equal. */
function differing(rows: readonly (readonly (string | Buffer)[])[]): readonly number[] {
  const [first, ...others] = rows as [readonly (string | Buffer)[], ...(readonly (string | Buffer)[])[]]
  return first.flatMap((value, place) => (others.every((row) => isEqual(row[place]!, value)) ? [] : [place]))
}

function isEqual(one: string | Buffer, other: string | Buffer): boolean {
  return typeof one === 'string' || typeof other === 'string' ? one === other : one.equals(other)
}
