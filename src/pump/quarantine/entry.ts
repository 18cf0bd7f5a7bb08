import { createHash } from 'node:crypto';
import { QUARANTINE_TOPIC } from '../../replication/names.ts';
import { placeText, readPlace, type SourcePlace } from '../../replication/provenance.ts';
import { propertiesOf, type MessageCursor } from '../../transport/message.ts';
import type { Batch, Queue } from '../../transport/types.ts';
import { batchOfOne } from '../batch-of-one.ts';

/**
 * The entries of `REPLICATOR_QUARANTINE`, in version 1. Places are written as in `REPL_FROM`; `KEYS` is the name of the topic, so
 * that `mqadmin queryMsgByKey` finds them; born timestamps say when.
 *
 *     REPL_QUARANTINED place | REPL_REASON text | REPL_DIGEST SHA-256 of the record, hex     body: the source's stored record, or empty
 *     REPL_REDRIVE place | REPL_STEP sending | REPL_TO offset:queue:broker                   about to be copied; its copy lies there or behind
 *     REPL_REDRIVE place | REPL_STEP refused                                                 it was not copied then
 *     REPL_REDRIVE place | REPL_STEP done | REPL_BY redrive                                  it was copied
 *
 * The entry of a message lies on the broker that would have its copy, written under that broker's locks (R6) and in the order of
 * the source queue. So it counts as a copy does when it is looked up where copying goes on.
 */
const QUARANTINED = 'REPL_QUARANTINED';
const REASON = 'REPL_REASON';
const DIGEST = 'REPL_DIGEST';
const REDRIVE = 'REPL_REDRIVE';
const STEP = 'REPL_STEP';
const TO = 'REPL_TO';
const BY = 'REPL_BY';

const LONGEST_REASON = 1000;

export type Entry =
  | { readonly kind: 'quarantined'; readonly place: SourcePlace; readonly digest: string; readonly hasRecord: boolean }
  | { readonly kind: 'sending'; readonly place: SourcePlace; readonly to: Queue; readonly offset: number }
  | { readonly kind: 'refused'; readonly place: SourcePlace }
  | { readonly kind: 'done'; readonly place: SourcePlace; readonly by: string };

export function quarantineQueue(broker: string): Queue {
  return { topic: QUARANTINE_TOPIC, broker, id: 0 };
}

export function quarantinedEntry(place: SourcePlace, reason: string, record: Buffer, withRecord: boolean): Batch {
  // eslint-disable-next-line no-control-regex -- 0x01 and 0x02 separate a message's properties
  const text = reason.replace(/[\u0000-\u001f]/g, ' ').slice(0, LONGEST_REASON);
  const properties = { [QUARANTINED]: placeText(place), [REASON]: text, [DIGEST]: digestOf(record) };
  return entry(place, properties, withRecord ? record : undefined);
}

/** `offset`: where the destination queue ends before the message is sent. */
export function sendingEntry(place: SourcePlace, to: Queue, offset: number): Batch {
  return entry(place, { [REDRIVE]: placeText(place), [STEP]: 'sending', [TO]: `${offset}:${to.id}:${to.broker}` });
}

export function refusedEntry(place: SourcePlace): Batch {
  return entry(place, { [REDRIVE]: placeText(place), [STEP]: 'refused' });
}

/** `by` names the redrive. */
export function doneEntry(place: SourcePlace, by: string): Batch {
  return entry(place, { [REDRIVE]: placeText(place), [STEP]: 'done', [BY]: by });
}

export function digestOf(record: Buffer): string {
  return createHash('sha256').update(record).digest('hex');
}

/** `undefined` for what somebody else put into the topic, or a later version. */
export function readEntry(message: MessageCursor): Entry | undefined {
  const { bodyStart, bodyEnd } = message;
  const properties = propertiesOf(message);
  const place = readPlace(properties.get(QUARANTINED) ?? properties.get(REDRIVE) ?? '');
  if (!place) return undefined;
  if (properties.has(QUARANTINED))
    return { kind: 'quarantined', place, digest: properties.get(DIGEST) ?? '', hasRecord: bodyEnd > bodyStart };
  switch (properties.get(STEP)) {
    case 'sending':
      return readSending(place, properties.get(TO) ?? '');
    case 'refused':
      return { kind: 'refused', place };
    case 'done':
      return { kind: 'done', place, by: properties.get(BY) ?? '' };
    case undefined:
    default:
      return undefined;
  }
}

function readSending(place: SourcePlace, text: string): Entry | undefined {
  const [, offset, id, broker] = /^(\d+):(\d+):(.+)$/s.exec(text) ?? [];
  if (broker === undefined) return undefined;
  return { kind: 'sending', place, to: { topic: place.source.topic, broker, id: Number(id) }, offset: Number(offset) };
}

function entry(
  place: SourcePlace,
  properties: Readonly<Record<string, string>>,
  body: Buffer = Buffer.alloc(0),
): Batch {
  return batchOfOne([['KEYS', place.source.topic], ...Object.entries(properties)], body);
}
