import { join } from 'node:path';
import type { TestCluster } from '../servers.ts';
import { readCommitLog } from './commit-log.ts';

/** The numbers (`SEQ`) of a topic's messages by queue, in the order of the broker's log. */
export async function sequences(
  { broker }: TestCluster,
  { topic, queues }: { readonly topic: string; readonly queues: readonly unknown[] },
): Promise<number[][]> {
  const numbers: number[][] = queues.map(() => []);
  await readCommitLog(join(broker.folder, 'store'), topic, ({ queue, properties }) => {
    numbers[queue]!.push(Number(new Map(properties).get('SEQ')));
  });
  return numbers;
}
