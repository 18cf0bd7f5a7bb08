import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

/** Where the build leaves the bundle: `dist/workflow-bundle.js`, seen from `dist/src/worker`. */
export const BUNDLE_FILE = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/** TypeScript in a checkout, JavaScript in `dist`. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** The bundle of the build, with which a worker starts quickly; from sources it is made at start. */
export async function workflowCode(): Promise<WorkflowBundle | { codePath: string }> {
  return existsSync(BUNDLE_FILE) ? { codePath: BUNDLE_FILE } : await bundleWorkflows();
}

export async function bundleWorkflows(): Promise<WorkflowBundle> {
  return await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index'),
    payloadConverterPath: pathOf('src/temporal/payload-converter'),
    logger: new DefaultLogger('WARN'),
  });
}

function pathOf(module: string): string {
  return fileURLToPath(new URL(`../../${module}.${EXTENSION}`, import.meta.url));
}
