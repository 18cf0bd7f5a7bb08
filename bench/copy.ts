import type { Batch, Cluster, Destination } from '../src/transport/types.ts';
import { Meter } from './meter.ts';
import type { CopyJob, PumpMeasured } from './pump-messages.ts';
import { runBenchPump } from './run-pump.ts';

const LIMIT_MS = 600_000;
const READABLE_LIMIT_MS = 60_000;

/** @throws Error when not all was copied */
export async function copy(job: CopyJob): Promise<PumpMeasured> {
  const { input, messages } = job;
  const done = new AbortController();
  const meter = new Meter();
  let reader: Destination | undefined;
  let batches = 0;
  let cpu: NodeJS.CpuUsage | undefined;
  let readable: Promise<void> | undefined;
  const onStored = (batch: Batch) => {
    cpu ??= process.cpuUsage();
    meter.add(batch.messages);
    batches++;
    if (meter.messages < messages) return;
    readable = reader!.dispatched(input.queues[0]!.to.broker, READABLE_LIMIT_MS);
    readable.catch(() => undefined);
    done.abort();
  };
  const began = performance.now();
  try {
    const watch = (source: Cluster, destination: Cluster) => {
      reader = destination.openDestination();
      return { source, destination: watched(destination, onStored) };
    };
    const troubles = await runBenchPump(job, { cancelled: done.signal, limitMs: LIMIT_MS, watch });
    if (meter.began === undefined || !readable)
      throw new Error(`${meter.messages} of ${messages} messages in ${LIMIT_MS / 1000} s; ${troubles.join('; ')}`);
    await readable;
    const { user, system } = process.cpuUsage(cpu);
    return {
      rate: meter.rate(),
      startMs: Math.round(meter.began - began),
      batches,
      cpuSeconds: (user + system) / 1e6,
      // maxRSS is in KiB
      peakRss: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    reader?.close();
  }
}

/** The same cluster, but each acknowledged batch is told. */
function watched(cluster: Cluster, onStored: (batch: Batch) => void): Cluster {
  return {
    name: cluster.name,
    admin: cluster.admin,
    openSource: () => cluster.openSource(),
    openDestination: () => {
      const destination = cluster.openDestination();
      const send = destination.send.bind(destination);
      destination.send = async (queue, batch, timeoutMs) => {
        const offset = await send(queue, batch, timeoutMs);
        onStored(batch);
        return offset;
      };
      return destination;
    },
    close: () => {
      cluster.close();
    },
  };
}
