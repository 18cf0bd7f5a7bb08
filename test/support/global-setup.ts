import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { serverFolders, signalServer } from '../../src/stack/server.ts';
import { stackDown, stackUp } from '../../src/stack/stack.ts';
import { bundleFile, claimSlot, type TestSlot } from './test-slot.ts';

declare module 'vitest' {
  interface ProvidedContext {
    testSlots: readonly TestSlot[];
  }
}

/**
 * Gives each lane of a test run its slot. Servers start when a test file first asks for them (`useStack`), or here with
 * `REPLICATOR_TEST_STACK=up`; none outlives the run, unless `REPLICATOR_TEST_STACK=keep` says so (the next run takes them over).
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wish = process.env.REPLICATOR_TEST_STACK;
  const slots: TestSlot[] = [];
  while (slots.length < project.config.maxWorkers) slots.push(await claimSlot());
  project.provide('testSlots', slots);
  const forgetBundles = () => {
    for (const slot of slots) rmSync(bundleFile(slot), { force: true });
  };
  forgetBundles();
  project.onTestsRerun(forgetBundles);
  if (wish === 'keep') return () => Promise.resolve();

  const removeAll = () => {
    for (const { home } of slots) removeAtOnce(home);
  };
  // what a killed run left behind
  for (const slot of slots) await stackDown({ ...slot, purge: true, progress: () => undefined });
  onExit(removeAll);
  // one shows what is downloaded, the other lanes' servers start when they are wanted
  if (wish === 'up') await stackUp({ ...slots[0]!, proxies: false });
  return () => {
    removeAll();
    return Promise.resolve();
  };
}

/** Nothing that a test leaves is wanted, so nothing needs an orderly end; and at exit nothing can be awaited. */
function removeAtOnce(home: string): void {
  for (const folder of serverFolders(home)) signalServer(folder, 'SIGKILL');
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
}

function onExit(work: () => void): void {
  process.once('exit', work);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      process.exit(1);
    });
}
