import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

/** Where the build leaves the bundle: `dist/workflow-bundle.js`, seen from `dist/src/worker`. */
export const BUNDLE_FILE = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** What `bundleWorkflowCode` starts from: TypeScript in a checkout, JavaScript in `dist`. */
export const WORKFLOWS_FILE = fileURLToPath(
  new URL(`../../workflows/index.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** The bundle of the build, with which a worker starts quickly; from sources it is made at start. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return existsSync(BUNDLE_FILE) ? { workflowBundle: { codePath: BUNDLE_FILE } } : { workflowsPath: WORKFLOWS_FILE };
}
