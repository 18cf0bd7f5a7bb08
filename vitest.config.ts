import { defineConfig } from 'vitest/config';

/**
 * `unit` and `replay` need no servers; the files of `integration` and `e2e` share a local stack, one stack a lane. Two lanes, because most tests
 * wait for something; one at full size, where they use the cores.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    exclude: process.env.REPLICATOR_RECORD === undefined ? ['test/replay/record*.test.ts'] : [],
    globalSetup: 'test/support/global-setup.ts',
    maxWorkers: process.env.REPLICATOR_TEST_FULL === '1' ? 1 : 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
