import { z } from 'zod';
import type { FlowKnowledge } from '../replication/flow-knowledge.ts';
import { flowGroup, type Flow } from '../replication/names.ts';

/** Raised when a release writes entries that an earlier one would misread. */
const FORMAT = 1;

const offset = z.int().min(0);
const place = z.object({ broker: z.string(), queue: offset });
const format = z.object({
  format: z.literal(FORMAT, `expected format ${FORMAT}: it was written by another release of the replicator`),
});
const knowledge = z.object({
  replication: z.string(),
  source: z.string(),
  destination: z.string(),
  epoch: offset,
  revision: offset,
  map: z.array(
    z.object({ topic: z.string(), from: place, to: place, count: offset, remapped: z.literal(true).exactOptional() }),
  ),
  histories: z.record(z.string(), z.object({ generation: offset, start: offset.exactOptional() })),
  starts: z.record(z.string(), offset),
  primary: z.string().exactOptional(),
});

export function writeEntry(value: FlowKnowledge): Buffer {
  return Buffer.from(JSON.stringify({ format: FORMAT, ...value }));
}

/** @throws Error for what no release wrote, or a later one */
export function readEntry(body: Buffer): FlowKnowledge {
  const value: unknown = JSON.parse(body.toString());
  format.parse(value);
  return knowledge.parse(value);
}

/** Under this key, as mqadmin's queryMsgByKey finds it, stand all entries of a flow. */
export function entryKey(flow: Flow): string {
  return flowGroup(flow);
}

type Version = Pick<FlowKnowledge, 'epoch' | 'revision'>;

export function isNewer(a: Version, b: Version): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.revision > b.revision);
}
