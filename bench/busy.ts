import { cpus } from 'node:os';

/** CPU seconds that all processes of the machine take for `work`. */
export async function busySeconds<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const before = busyMs();
  const result = await work();
  return { result, seconds: (busyMs() - before) / 1000 };
}

function busyMs(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
}
