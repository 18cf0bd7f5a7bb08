import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../src/transport/types.ts';
import type { IdleJob, IdleMeasured } from './pump-messages.ts';
import { runBenchPump } from './run-pump.ts';

const LIMIT_MS = 600_000;

/** @throws Error when not all queues are waited for in time */
export async function idle(job: IdleJob): Promise<IdleMeasured> {
  const { input, forMs } = job;
  const queues = input.queues.reduce((sum, { count }) => sum + count, 0);
  const done = new AbortController();
  let pulls = 0;
  let polling = 0;
  const onPull = (change: 1 | -1) => {
    polling += change;
    if (change > 0) pulls++;
  };
  const began = performance.now();
  const watch = (source: Cluster, destination: Cluster) => ({ source: watched(source, onPull), destination });
  const running = runBenchPump(job, { cancelled: done.signal, limitMs: LIMIT_MS, watch });
  while (polling < queues) {
    const troubles = await Promise.race([running, sleep(100)]);
    if (troubles) throw new Error(`${polling} of ${queues} queues are waited for; ${troubles.join('; ')}`);
  }
  const startMs = Math.round(performance.now() - began);
  const before = { cpu: process.cpuUsage(), at: performance.now(), pulls };
  await sleep(forMs);
  const { user, system } = process.cpuUsage(before.cpu);
  const tookMs = performance.now() - before.at;
  const measured = {
    startMs,
    cpuShare: (user + system) / 1000 / tookMs,
    rss: process.memoryUsage.rss(),
    // maxRSS is in KiB
    peakRss: process.resourceUsage().maxRSS * 1024,
    pulls: ((pulls - before.pulls) * 1000) / tookMs,
  };
  done.abort();
  await running;
  return measured;
}

/** The same cluster, but the long polls under way are told. */
function watched(cluster: Cluster, onPull: (change: 1 | -1) => void): Cluster {
  return {
    name: cluster.name,
    admin: cluster.admin,
    openSource: () => {
      const source = cluster.openSource();
      const pull = source.pull.bind(source);
      source.pull = async (queue, request, signal) => {
        if (request.waitMs === 0) return await pull(queue, request, signal);
        onPull(1);
        try {
          return await pull(queue, request, signal);
        } finally {
          onPull(-1);
        }
      };
      return source;
    },
    close: () => {
      cluster.close();
    },
    openDestination: () => cluster.openDestination(),
  };
}
