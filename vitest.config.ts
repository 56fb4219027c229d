import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Workers, and the many programs of ours that tests start, find compiled what others have loaded before: half the time
// of a start is compiling. Where it is given, or within what `npm start` keeps.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url))

/** How long a poll waits at most: what passes is not slowed, and what waits for a worker does not fail on a busy machine. */
const expectations = { poll: { timeout: 10_000, interval: 20 } }

/** Measures how long an issue takes where nothing else is to be done, and so runs alone. */
const IDLE = 'gateway/test/way-of-an-issue.e2e.test.ts'

const base = {
  // graphql 16 has no exports map: Node loads its index.js for everybody, and so must the tests.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
}

export default defineConfig({
  ...base,
  test: {
    // Most of the time tests wait for stores and processes; one file a core would leave the cores idle.
    maxWorkers: 4,
    reporters: ['default', './scripts/closing-line-reporter.ts'],
    projects: [
      {
        ...base,
        test: {
          name: 'fast',
          include: ['**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.int.test.ts', '**/*.e2e.test.ts'],
          // They change nothing that another file could see, and loading graphql and its kin anew takes half their time.
          isolate: false,
          setupFiles: ['scripts/testing/property-runs.ts'],
          testTimeout: 20_000,
          expect: expectations,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...base,
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['scripts/testing/stores.ts'],
          // Each file has a database of its own; loading drivers and servers anew would take longer than the tests.
          isolate: false,
          testTimeout: 60_000,
          expect: expectations,
          hookTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...base,
        test: {
          name: 'whole system',
          include: ['**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**', IDLE],
          // Each has a stack of its own, which waits for most of the time.
          maxWorkers: 2,
          testTimeout: 60_000,
          expect: expectations,
          hookTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...base,
        test: {
          name: 'idle system',
          include: [IDLE],
          fileParallelism: false,
          testTimeout: 60_000,
          expect: expectations,
          hookTimeout: 90_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
