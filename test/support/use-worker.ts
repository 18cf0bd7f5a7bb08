import { afterAll, beforeAll } from 'vitest';
import { JavaConsumers } from './java-consumers.ts';
import type { TestStack } from './servers.ts';
import { WorkerProcess } from './worker-process.ts';

/** A worker for all tests of the file, which none of them kills. */
export function useWorker(stack: TestStack): void {
  let worker: WorkerProcess | undefined;
  beforeAll(async () => {
    worker = await WorkerProcess.start(stack);
  });
  afterAll(() => worker?.stop());
}

/** The same, and official Java clients beside it. */
export function useWorkerAndConsumers(stack: TestStack): () => JavaConsumers {
  let started: [WorkerProcess, JavaConsumers] | undefined;
  beforeAll(async () => {
    started = await Promise.all([WorkerProcess.start(stack), JavaConsumers.start()]);
  });
  afterAll(async () => {
    await started?.[1].close();
    await started?.[0].stop();
  });
  return () => started![1];
}
