import { defineConfig } from 'vitest/config';

/** `unit` needs no servers; `integration`, `e2e` and `replay` share the local stack that the test script starts. */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
