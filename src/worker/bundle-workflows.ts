import { writeFile } from 'node:fs/promises';
import { BUNDLE_FILE, bundleWorkflows } from './workflow-code.ts';

/** Part of the build: bundles the workflows once, so that workers start in seconds. */
const { code } = await bundleWorkflows();
await writeFile(BUNDLE_FILE, code);
