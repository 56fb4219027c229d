import { startStack } from '../stack/stack.ts'
import { FIXTURE_TABLE } from './fixture-table.ts'

/** A supervisor in a process of its own, to be killed. Says which processes it has started. */
const stack = await startStack({
  dataDirectory: process.env.FIXTURE_DATA!,
  gatewayPort: 0,
  environment: {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    FIXTURE_DEAF: process.env.FIXTURE_DEAF,
  },
  table: FIXTURE_TABLE,
})
process.stdout.write(`${JSON.stringify(Object.values(stack.processes).map(({ pid }) => pid))}\n`)
