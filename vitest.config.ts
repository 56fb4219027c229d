import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/testing/longest-first.ts'

// Workers, and the many programs of ours that tests start, find compiled what others have loaded before: half the time
// of a start is compiling. Where it is given, or within what `npm start` keeps.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url))

/**
 * Nets for what will never come, not measures of how long it takes: what passes is not slowed, and nothing fails for
 * being slow on a busy machine. No test has a shorter one of its own.
 */
const nets = {
  expect: { poll: { timeout: 60_000, interval: 20 } },
  testTimeout: 240_000,
  hookTimeout: 240_000,
}

const base = {
  // graphql 16 has no exports map: Node loads its index.js for everybody, and so must the tests.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
}

export default defineConfig({
  ...base,
  test: {
    // Most of the time tests wait for stores and processes; one file a core would leave the cores idle.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    teardownTimeout: 120_000,
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
          ...nets,
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
          setupFiles: ['scripts/testing/property-runs.ts'],
          // Each file has a database of its own; loading drivers and servers anew would take longer than the tests.
          isolate: false,
          ...nets,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...base,
        test: {
          name: 'whole system',
          include: ['**/*.e2e.test.ts'],
          exclude: ['**/node_modules/**'],
          ...nets,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
})
