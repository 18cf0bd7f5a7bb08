import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes `target` whole or not at all: `fill` works on a folder beside it, which is renamed when complete, so that a download
 * that was cut off is never taken for a whole one. Two that do so at once both succeed.
 */
export async function installFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const unfinished = `${target}.${randomUUID()}`;
  await mkdir(dirname(target), { recursive: true });
  try {
    await mkdir(unfinished);
    await fill(unfinished);
    await rename(unfinished, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
