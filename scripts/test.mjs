/**
 * `npm test`: all tests against real servers, which are started for this run and gone after it.
 *
 *   node scripts/test.mjs [--full] [arguments of vitest]
 *
 * Ends with the line `N passed, N failed` (and `, N skipped`); its exit status is 0 only if something ran and nothing failed.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, root, run } from './bootstrap.mjs';

const given = process.argv.slice(2);
const full = given.includes('--full');
const selection = given.filter((argument) => argument !== '--full');

const folder = mkdtempSync(join(tmpdir(), 'replicator-test-'));
const report = join(folder, 'report.json');
// Ctrl-C reaches vitest as well, which takes the servers down; the last line is due all the same.
process.on('SIGINT', () => undefined);
try {
  await bootstrap();
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const status = await run(process.execPath, [vitest, 'run', ...reporters, ...selection], {
    env: environment(),
    stdout: 'inherit',
    mayFail: true,
  });
  process.exitCode = summarize(status);
} catch (error) {
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A whole run starts the servers first, with progress on screen; a selection starts them when the first test wants them. */
function environment() {
  const env = {};
  if (full) env.REPLICATOR_TEST_FULL = '1';
  if (selection.length === 0 && !process.env.REPLICATOR_TEST_STACK) env.REPLICATOR_TEST_STACK = 'up';
  return env;
}

/** Prints the last line. @returns the exit status */
function summarize(vitestStatus) {
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
    counts = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests };
  } catch {
    console.error('the test run ended without a report');
  }
  // A file that cannot be loaded, or an error outside tests, fails the run as well.
  if (vitestStatus !== 0 && counts.failed === 0) counts.failed = 1;
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  return counts.failed === 0 && counts.passed > 0 ? 0 : 1;
}
