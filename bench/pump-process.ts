/** The pump, or a raw consumer, in a process of its own, so that what it takes can be told: takes jobs from the parent, one at a time. */
import { keepHeapCompact } from '../src/worker/compact-heap.ts';
import { consume } from './consume.ts';
import { copy } from './copy.ts';
import { idle } from './idle-pump.ts';
import type { Job, JobAnswer } from './pump-messages.ts';

keepHeapCompact();
process.on('message', (job: Job) => {
  void work(job)
    .then((result): JobAnswer => ({ result }))
    .catch((error: unknown): JobAnswer => ({ error: (error as Error).message }))
    .then((answer) => process.send!(answer));
});
process.on('disconnect', () => process.exit());

async function work(job: Job) {
  switch (job.kind) {
    case 'copy':
      return await copy(job);
    case 'idle':
      return await idle(job);
    case 'consume':
      return await consume(job);
  }
}
