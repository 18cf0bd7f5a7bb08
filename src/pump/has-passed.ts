import { PROPERTY_ORIGIN, PROPERTY_PATH } from '../replication/names.ts';
import { decodeProperties, type MessageCursor } from '../transport/message.ts';

export function propertiesOf({ records, propertiesStart, propertiesEnd }: MessageCursor): Map<string, string> {
  return decodeProperties(records.subarray(propertiesStart, propertiesEnd));
}

/** Whether a message with these properties came from the cluster, or passed it on its way (R7). */
export function hasPassed(properties: ReadonlyMap<string, string>, cluster: string): boolean {
  const path = [properties.get(PROPERTY_ORIGIN) ?? '', ...(properties.get(PROPERTY_PATH) ?? '').split(',')];
  return path.includes(cluster);
}
