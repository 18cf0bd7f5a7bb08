import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestCluster } from './servers.ts';

/** By queue, as the broker finds them at its next start if it is killed now: it flushes them each 5 s. Numbers stand there without quotes as names. */
export async function flushedOffsets(
  { broker }: TestCluster,
  topic: string,
  group: string,
): Promise<ReadonlyMap<number, number>> {
  const text = await readFile(join(broker.folder, 'store', 'config', 'consumerOffset.json'), 'utf8').catch(() => '');
  const [, table = ''] = text.split(`"${topic}@${group}":{`);
  const pairs = table.slice(0, table.indexOf('}')).matchAll(/"?(\d+)"?:(\d+)/g);
  return new Map([...pairs].map(([, queue, offset]) => [Number(queue), Number(offset)]));
}
