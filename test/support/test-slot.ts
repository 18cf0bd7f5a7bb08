import { join } from 'node:path';
import { cacheFolder } from '../../src/stack/folders.ts';
import { PORTS_PER_STACK } from '../../src/stack/definitions.ts';
import { tryLockPort } from '../../src/stack/stack-lock.ts';

/** What a lane of a test run has for itself, so that lanes, several runs and a user's stack never meet: ports and a folder. */
export interface TestSlot {
  readonly home: string;
  /** The stack's ports, as everywhere. */
  readonly portBase: number;
  /** First of as many ports again, for clusters that a test starts for itself. */
  readonly privatePorts: number;
}

/** Where a lane keeps the workflows that were bundled for it in this run. */
export function bundleFile({ home }: TestSlot): string {
  return join(home, 'workflow-bundle.js');
}

const FIRST_PORT = 21_000;
const SLOTS = 20;

/** Takes the first slot that nobody holds; it is free again when this process ends, however it ends. */
export async function claimSlot(): Promise<TestSlot> {
  for (let slot = 0; slot < SLOTS; slot++) {
    const portBase = FIRST_PORT + slot * 2 * PORTS_PER_STACK;
    // The port after the one that guards a stack's commands.
    if (await tryLockPort(portBase + 1))
      return {
        portBase,
        privatePorts: portBase + PORTS_PER_STACK,
        home: join(cacheFolder(), 'test-stacks', String(portBase)),
      };
  }
  throw new Error(`all ${SLOTS} places for test servers are taken; wait for a test run to end`);
}
