import { join } from 'node:path';
import type { TestCluster } from '../servers.ts';
import { readCommitLog } from './commit-log.ts';

/** The numbers (`SEQ`) of a topic's messages by queue, in the order of the broker's log. */
export async function sequences({ broker }: TestCluster, topic: string, queues: number): Promise<number[][]> {
  const numbers: number[][] = Array.from({ length: queues }, () => []);
  await readCommitLog(join(broker.folder, 'store'), topic, ({ queue, properties }) => {
    numbers[queue]!.push(Number(new Map(properties).get('SEQ')));
  });
  return numbers;
}
