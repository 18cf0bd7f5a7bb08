import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { bundleWorkflows } from '../../src/worker/workflow-code.ts';
import { testSlot } from './servers.ts';
import { bundleFile } from './test-slot.ts';

let made: Promise<{ codePath: string }> | undefined;

/** The workflows as the sources have them, bundled once for all files of a lane: it takes seconds. */
export function workflowBundleFromSources(): Promise<{ codePath: string }> {
  if (!made) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  made ??= bundled();
  return made;
}

async function bundled(): Promise<{ codePath: string }> {
  const slot = testSlot();
  const codePath = bundleFile(slot);
  if (!existsSync(codePath)) {
    const { code } = await bundleWorkflows();
    await mkdir(slot.home, { recursive: true });
    await writeFile(codePath, code);
  }
  return { codePath };
}
