import { PROPERTY_ORIGIN, PROPERTY_PATH } from '../replication/names.ts';

/** Whether a message with these properties came from the cluster, or passed it on its way (R7). */
export function hasPassed(properties: ReadonlyMap<string, string>, cluster: string): boolean {
  const path = [properties.get(PROPERTY_ORIGIN) ?? '', ...(properties.get(PROPERTY_PATH) ?? '').split(',')];
  return path.includes(cluster);
}
